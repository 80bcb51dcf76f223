// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Kernel images that the test makes of one small BTF: each format, each compression, packages,
 * layers of them; and what is cut, hostile or no kernel. The real ones are those of the cache of
 * scripts/kernels, whose BTF another reader has extracted. With a directory as argument: the samples are left there.
 */
#include <elf.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image_kit.h"

static const void *the_btf;
static size_t the_size;
static const char *samples; /* a directory for what is made here: fuzzing begins with it */

/* Large enough not to pass for the BTF of some object in a kernel. */
static void make_btf(struct bb *b)
{
	uint32_t i, s32 = bb_int(b, "int", 4, BTF_INT_SIGNED, 0, 32);
	char name[32];

	for (i = 0; i < 400; i++) {
		struct bb_member m[] = { BB_AT("member", s32, 0), BB_AT(name, s32, 4) };

		snprintf(name, sizeof(name), "struct_%u", i * 2654435761u);
		bb_struct(b, BTF_KIND_STRUCT, name, 8, false, 2, m);
	}
	the_btf = bb_finish(b, &the_size);
}

static struct buf vmlinux(bool btf)
{
	return vmlinux_of(the_btf, the_size, btf);
}

/* The format that kernels still use with lz4: blocks of literals only. */
static struct buf lz4_legacy(const struct buf *in)
{
	size_t left = in->size - 15, start;
	struct buf b = { 0 };

	put(&b, 0, 0x184c2102, 4);
	buf_u32(&b, 0);
	start = b.size;
	buf_u8(&b, 0xf0);
	for (; left >= 255; left -= 255)
		buf_u8(&b, 255);
	buf_u8(&b, (uint8_t)left);
	buf_add(&b, in->data, in->size);
	put(&b, 4, b.size - start, 4);
	return b;
}

static struct buf bzimage(const struct buf *payload)
{
	static const char release[] = "9.8.7-setup (x@y) #1";
	struct buf b = { 0 };

	put(&b, 0x1f1, 3, 1); /* setup sectors: the payload counts from 4 * 512 */
	put(&b, 0x1fe, 0xaa55, 2);
	put_bytes(&b, 0x202, "HdrS", 4);
	put(&b, 0x206, 0x20f, 2);
	put(&b, 0x20e, 0x300 - 0x200, 2);
	put(&b, 0x248, 16, 4);
	put(&b, 0x24c, payload->size + 4, 4);
	put_bytes(&b, 0x300, release, sizeof(release));
	put_bytes(&b, 4 * 512 + 16, payload->data, payload->size);
	buf_u32(&b, 12345); /* the size that it unpacks to */
	buf_u64(&b, 0);
	return b;
}

static struct buf zboot(const struct buf *payload, const char *compression)
{
	struct buf b = { 0 };

	put_bytes(&b, 0, "MZ\0\0zimg", 8);
	put(&b, 8, 128, 4);
	put(&b, 12, payload->size, 4);
	put_bytes(&b, 24, compression, strlen(compression));
	put_bytes(&b, 128, payload->data, payload->size);
	return b;
}

static struct buf flat(void)
{
	static const char banner[] = "\nLinux version %s (%s)\0Linux version 9.8.7-flat (x@y) #1";
	struct buf b = { 0 };

	put_bytes(&b, 0x38, "ARM\x64", 4);
	put_bytes(&b, 0x100, "\x9f\xeb\1\0\x18\0\0\0", 8); /* the begin of a BTF that is none */
	put_bytes(&b, 0x400, banner, sizeof(banner));
	put_bytes(&b, 0x800, the_btf, the_size);
	put(&b, b.size + 100, 1, 4);
	return b;
}

static void keep(const struct buf *b)
{
	static int nr;
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%d", samples, nr++);
	f = fopen(path, "wb");
	if (!f || fwrite(b->data, 1, b->size, f) != b->size || fclose(f))
		OK(false, "a sample is written");
}

/* Takes @b over. */
static void good(struct buf b, const char *name, const char *release, const char *format)
{
	struct abide_error e = { 0 };
	struct image *im = NULL;
	char text[160];

	if (samples)
		keep(&b);
	snprintf(text, sizeof(text), "%s: its BTF is found", name);
	OK(!image_open_mem("test", b.data, b.size, &im, &e) && im->btf_size == the_size && !memcmp(im->btf, the_btf, the_size), text);
	if (im) {
		HAS(im->format, format, "what it was");
		OK(!strcmp(im->release, release), "and its release");
		if (strcmp(im->release, release))
			printf("# have \"%s\", want \"%s\"\n", im->release, release);
	} else {
		printf("# %s\n", e.problem);
	}
	image_free(im);
	buf_free(&b);
}

static void bad(struct buf b, const char *name, const char *tag)
{
	struct abide_error e = { 0 };
	struct image *im = NULL;
	char text[160];

	snprintf(text, sizeof(text), "%s: refused as %s", name, tag);
	OK(image_open_mem("test", b.data, b.size, &im, &e) < 0 && !im && !strcmp(e.tag, tag), text);
	if (strcmp(e.tag, tag))
		printf("# have \"%s\": %s\n", e.tag, e.problem);
	OK(strlen(e.problem) > 10 && !strchr(e.problem, '\n'), "in one sentence");
	image_free(im);
	buf_free(&b);
}

static const struct {
	int filter;
	const char *name;
} filters[] = {
	{ ARCHIVE_FILTER_GZIP, "gzip" }, { ARCHIVE_FILTER_XZ, "xz" },   { ARCHIVE_FILTER_LZMA, "lzma" },
	{ ARCHIVE_FILTER_ZSTD, "zstd" }, { ARCHIVE_FILTER_LZ4, "lz4" }, { ARCHIVE_FILTER_BZIP2, "bzip2" },
};
#define NR_FILTERS (sizeof(filters) / sizeof(*filters))

static void formats(void)
{
	struct buf raw = { 0 }, elf = vmlinux(true), none = vmlinux(false), image = flat(), packed, inner, outer;
	size_t i;

	buf_add(&raw, the_btf, the_size);
	for (i = 0; i < NR_FILTERS; i++) {
		good(pack(0, filters[i].filter, "x", &raw), filters[i].name, "", "raw BTF in compressed file");
		good(pack(0, filters[i].filter, "x", &elf), filters[i].name, "9.8.7-test", "vmlinux in compressed file");
		packed = pack(0, filters[i].filter, "x", &elf);
		good(bzimage(&packed), filters[i].name, "9.8.7-setup", "vmlinux in bzImage");
		good(zboot(&packed, filters[i].name), filters[i].name, "9.8.7-test", "vmlinux in EFI zboot image");
		buf_free(&packed);
		good(pack(0, filters[i].filter, "x", &image), filters[i].name, "9.8.7-flat", "flat Image in compressed file");
	}
	packed = lz4_legacy(&elf);
	good(bzimage(&packed), "lz4 as kernels have it", "9.8.7-setup", "vmlinux in bzImage");
	inner = bzimage(&packed);
	buf_free(&packed);
	/* Somewhere behind other things, in no format that is known. */
	packed = pack(0, ARCHIVE_FILTER_XZ, "x", &elf);
	outer = (struct buf){ 0 };
	put(&outer, 70000, 0, 1);
	buf_add(&outer, packed.data, packed.size);
	buf_add(&outer, "behind", 6);
	good(outer, "an unknown boot image", "9.8.7-test", "in boot image");
	buf_free(&packed);
	/* Packages. */
	packed = pack(ARCHIVE_FORMAT_TAR, ARCHIVE_FILTER_XZ, "./boot/vmlinuz-9.8.7-setup", &inner);
	good(pack(ARCHIVE_FORMAT_AR_BSD, ARCHIVE_FILTER_NONE, "data.tar.xz", &packed), "a Debian package", "9.8.7-setup",
	     "bzImage in Debian package");
	buf_free(&packed);
	packed = pack(ARCHIVE_FORMAT_CPIO_SVR4_NOCRC, ARCHIVE_FILTER_ZSTD, "./lib/modules/9.8.7-setup/vmlinuz", &inner);
	good(rpm(&packed), "an RPM package", "9.8.7-setup", "bzImage in RPM package");
	buf_free(&packed);
	packed = pack(ARCHIVE_FORMAT_TAR, ARCHIVE_FILTER_XZ, "./boot/initrd.img-9.8.7", &inner);
	bad(pack(ARCHIVE_FORMAT_AR_BSD, ARCHIVE_FILTER_NONE, "data.tar.xz", &packed), "a package of something else", "image-format");
	buf_free(&packed);
	good(pack(ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_NONE, "usr/lib/modules/9.8.7/vmlinuz", &inner), "a tar file", "9.8.7-setup",
	     "bzImage in tar file");
	good(image, "a flat Image", "9.8.7-flat", "flat Image");
	good(raw, "raw BTF", "", "raw BTF");
	good(elf, "vmlinux", "9.8.7-test", "vmlinux");
	bad(none, "vmlinux without BTF", "btf-missing");
	buf_free(&inner);
}

/* Cut at many places: refused, or whole all the same (what was cut off may be padding). */
static void cut(struct buf b, const char *name)
{
	uint32_t bad_answers = 0, refused = 0;
	char text[120];
	size_t n;

	for (n = 0; n < b.size; n += 1 + b.size / 97) {
		struct abide_error e = { 0 };
		struct image *im = NULL;
		uint8_t *copy = malloc(n + 1);

		memcpy(copy, b.data, n);
		if (image_open_mem("test", copy, n, &im, &e)) {
			refused++;
			bad_answers += !*e.problem;
		} else {
			bad_answers += im->btf_size != the_size || memcmp(im->btf, the_btf, the_size);
		}
		image_free(im);
		free(copy);
	}
	snprintf(text, sizeof(text), "%s, cut: never another BTF (%" PRIu32 " refused)", name, refused);
	OK(!bad_answers && refused > 10, text);
	buf_free(&b);
}

static void hostile(void)
{
	struct buf elf = vmlinux(true), packed = pack(0, ARCHIVE_FILTER_ZSTD, "x", &elf), zeros = { 0 }, b, text = { 0 }, next;
	int i;

	cut(pack(0, ARCHIVE_FILTER_XZ, "x", &elf), "xz");
	cut(bzimage(&packed), "bzImage");
	cut(zboot(&packed, "zstd"), "zboot");
	cut(flat(), "flat Image");
	cut(vmlinux(true), "vmlinux");
	b = pack(ARCHIVE_FORMAT_TAR, ARCHIVE_FILTER_XZ, "boot/vmlinuz-1", &elf);
	cut(pack(ARCHIVE_FORMAT_AR_BSD, ARCHIVE_FILTER_NONE, "data.tar.xz", &b), "a Debian package");
	buf_free(&b);
	b = bzimage(&packed);
	put(&b, 0x24c, 0xfffffff0, 4);
	bad(b, "a payload longer than the file", "image-damaged");
	b = bzimage(&packed);
	put(&b, 0x206, 0x204, 2);
	bad(b, "a bzImage of 2005", "image-format");
	/* One in the other. */
	b = vmlinux(true);
	for (i = 0; i < 8; i++) {
		next = bzimage(&b);
		buf_free(&b);
		b = next;
	}
	bad(b, "eight layers", "image-format");
	/* 520 MiB of zeros in a file of some KiB. */
	buf_add(&zeros, NULL, 1u << 20);
	b = pack_times(0, ARCHIVE_FILTER_ZSTD, "x", &zeros, 520);
	OK(b.size < 1u << 20, "a bomb");
	buf_free(&zeros);
	bad(b, "a bomb", "image-size");
	buf_printf(&text, "root:x:0:0:root:/root:/bin/bash\n");
	bad(text, "a text", "image-format");
	bad((struct buf){ 0 }, "nothing", "image-format");
	buf_free(&packed);
	buf_free(&elf);
}

static void real(void)
{
	static const char *const series[] = { "5.10", "6.1", "6.12", "6.18", "7.3" };
	const char *own = getenv("ABIDE_CACHE"), *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	char dir[3000], path[4096], text[160];
	size_t i, size;

	if (own)
		snprintf(dir, sizeof(dir), "%s/kernels", own);
	else
		snprintf(dir, sizeof(dir), "%s%s/abide/kernels", xdg ? xdg : home ? home : "", xdg ? "" : "/.cache");
	for (i = 0; i < sizeof(series) / sizeof(*series); i++) {
		struct abide_error e = { 0 };
		struct btf_data *btf = NULL;
		struct image *im = NULL;
		const void *bytes;

		snprintf(path, sizeof(path), "%s/%s/btf", dir, series[i]);
		if (access(path, R_OK) || btf_open_file(path, &btf, &e)) {
			printf("skip - %s: scripts/kernels has not fetched it\n", series[i]);
			continue;
		}
		snprintf(path, sizeof(path), "%s/%s/vmlinuz", dir, series[i]);
		bytes = btf_bytes(btf, &size);
		snprintf(text, sizeof(text), "vmlinuz of %s: its BTF, as objcopy has it", series[i]);
		OK(!image_open(path, &im, &e) && im->btf_size == size && !memcmp(im->btf, bytes, size), text);
		if (im)
			OK(!strncmp(im->release, series[i], strlen(series[i])) && !strcmp(im->machine, "x86_64"), "its release and machine");
		image_free(im);
		btf_free(btf);
	}
}

int main(int argc, char **argv)
{
	struct bb b = { 0 };

	samples = argc > 1 ? argv[1] : NULL;
	make_btf(&b);
	formats();
	hostile();
	real();
	bb_free(&b);
	return kit_done();
}
