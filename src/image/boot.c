// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Boot images. In: bytes. Out: what the kernel in them has. Known by their headers:
 *
 *	x86 bzImage  Documentation/arch/x86/boot.rst: setup header, payload_offset/_length
 *	EFI zboot    drivers/firmware/efi/libstub/zboot-header.S: "MZ", "zimg", offset, size
 *	flat Image   Documentation/arch/{arm64/booting,riscv/boot-image-header}.rst: the kernel itself, in
 *	             which BTF lies somewhere: it is found by its own header
 *
 * Any other file is searched for compressed kernels (s390x, powerpc, U-Boot's wrappers).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "image/read.h"

#define MIN_BTF 4096 /* bytes; a real kernel's has millions, an object's in the kernel is smaller */
#define MAX_TRIALS                                                                                 \
	8 /* places that look like the begin of compressed bytes, in all layers together */

static uint32_t le(const uint8_t *p, int n)
{
	uint32_t v = 0;

	while (n--)
		v = v << 8 | p[n];
	return v;
}

/* What is in a payload. @sized: behind all but gzip are four bytes, the size that it unpacks to. */
static int read_payload(struct reader *r, const uint8_t *data, size_t size, bool sized,
                        const char *format)
{
	bool cut = sized && size > 4 && memcmp(data, "\x1f\x8b", 2);
	struct buf out = { 0 };
	int rc = image_unpack(r, data, size - (cut ? 4 : 0), false, &out);

	if (rc == 1)
		rc = image_read(r, out.data, out.size);
	else if (!rc)
		rc = image_read(r, data, size);
	if (rc == 1)
		image_add_format(r->im, format);
	else if (!rc)
		rc = error_set(r->e, -EINVAL, "image-damaged", "%s: a %s with no kernel in it",
		               r->name, format);
	buf_free(&out);
	return rc;
}

static int read_bzimage(struct reader *r, const uint8_t *data, size_t size)
{
	uint32_t at, off, len, version;

	if (size < 0x250 || le(data + 0x1fe, 2) != 0xaa55 || memcmp(data + 0x202, "HdrS", 4))
		return 0;
	at = (uint32_t)le(data + 0x20e, 2) + 0x200; /* kernel_version */
	if (at > 0x200 && at < size)
		image_set_release(r->im, (const char *)data + at, size - at);
	version = le(data + 0x206, 2);
	at = ((data[0x1f1] ? data[0x1f1] : 4) + 1) * 512;
	off = le(data + 0x248, 4);
	len = le(data + 0x24c, 4);
	if (version < 0x208) /* Linux 2.6.26 */
		return error_set(r->e, -EINVAL, "image-format",
		                 "%s: a bzImage older than any with BTF", r->name);
	if (at > size || off > size - at || len > size - at - off)
		return error_set(r->e, -EINVAL, "image-damaged",
		                 "%s: a bzImage that is cut: its payload ends %llu bytes behind it",
		                 r->name, (unsigned long long)at + off + len - size);
	return read_payload(r, data + at + off, len, true, "bzImage");
}

static int read_zboot(struct reader *r, const uint8_t *data, size_t size)
{
	uint32_t off, len;

	if (size < 64 || memcmp(data, "MZ", 2) || memcmp(data + 4, "zimg", 4))
		return 0;
	off = le(data + 8, 4);
	len = le(data + 12, 4);
	if (off > size || len > size - off)
		return error_set(r->e, -EINVAL, "image-damaged",
		                 "%s: an EFI zboot image that is cut", r->name);
	return read_payload(r, data + off, len, false, "EFI zboot image");
}

int image_read_boot(struct reader *r, const uint8_t *data, size_t size)
{
	int rc = read_bzimage(r, data, size);

	return rc ? rc : read_zboot(r, data, size);
}

/* The largest BTF in the bytes: a kernel has the BTF of its own BPF objects, too. */
int image_read_flat(struct reader *r, const uint8_t *data, size_t size)
{
	static const uint8_t begin[2][3] = { { 0x9f, 0xeb, 1 }, { 0xeb, 0x9f, 1 } };
	const uint8_t *p, *end = data + size, *best = NULL;
	size_t whole, best_size = MIN_BTF;
	const char *machine = NULL;
	int i, rc;

	if (size >= 64 && !memcmp(data + 0x38, "ARM\x64", 4))
		machine = "arm64";
	else if (size >= 64 &&
	         (!memcmp(data + 0x38, "RSC\x05", 4) || !memcmp(data + 0x30, "RISCV\0\0", 8)))
		machine = "riscv64";
	for (i = 0; i < 2; i++)
		for (p = data; (p = memmem(p, (size_t)(end - p), begin[i], 3)); p++) {
			if (!image_is_btf(p, (size_t)(end - p), &whole) || whole <= best_size)
				continue;
			if (p[whole -
			      1]) /* strings, or the layout's flags, which are 16 bits of few */
				continue;
			best = p;
			best_size = whole;
		}
	if (best) {
		image_find_release(r->im, data, size);
		rc = image_keep_kernel(r, data, size, best, best_size);
		if (rc == 1)
			image_add_format(r->im, machine ? "flat Image" : "kernel image");
		if (machine)
			snprintf(r->im->machine, sizeof(r->im->machine), "%s", machine);
		return rc;
	}
	if (!machine)
		return 0;
	error_set(r->e, -ENOENT, "btf-missing", "%s is a flat %s Image without BTF, or cut",
	          r->name, machine);
	return error_hint(r->e, "use a kernel that was built with CONFIG_DEBUG_INFO_BTF=y");
}

int image_read_scan(struct reader *r, const uint8_t *data, size_t size)
{
	static const struct {
		const char *bytes;
		size_t size;
	} begin[] = {
		{ "\xfd"
		  "7zXZ\0",
		  6 },
		{ "\x28\xb5\x2f\xfd", 4 },
		{ "\x1f\x8b\x08", 3 },
		{ "\x02\x21\x4c\x18", 4 },
		{ "\x5d\0\0\0", 4 },
		{ "BZh9", 4 },
	};
	const uint8_t *p, *end = data + size;
	struct abide_error *e = r->e, dropped;
	int rc = 0;
	size_t i;

	for (i = 0; i < sizeof(begin) / sizeof(*begin) && rc != 1; i++)
		for (p = data + 1; p < end && rc != 1 && r->trials < MAX_TRIALS; p++) {
			struct buf out = { 0 };

			p = memmem(p, (size_t)(end - p), begin[i].bytes, begin[i].size);
			if (!p)
				break;
			r->trials++;
			r->e = &dropped; /* what is no kernel here is none of the user's concern */
			rc = image_unpack(r, p, (size_t)(end - p), true, &out);
			rc = rc == 1 && out.size > MIN_BTF ? image_read(r, out.data, out.size) : 0;
			if (rc < 0) /* an ELF file of which the end is missing, perhaps */
				rc = image_read_flat(r, out.data, out.size);
			r->e = e;
			buf_free(&out);
		}
	if (rc != 1)
		return 0;
	image_add_format(r->im, "boot image");
	return 1;
}
