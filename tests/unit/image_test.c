// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Kernel images that the test makes of one small BTF: each format, each compression, packages,
 * layers of them; and what is cut, hostile or no kernel. The real ones are those of the cache of
 * scripts/kernels, whose BTF another reader has extracted. With a directory as argument: the samples are left there.
 */
#include <archive.h>
#include <archive_entry.h>
#include <elf.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/image.h"
#include "profile_kit.h"

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

static void put(struct buf *b, size_t at, uint64_t v, int n)
{
	int i;

	while (b->size < at + (size_t)n)
		buf_u8(b, 0);
	for (i = 0; i < n; i++)
		b->data[at + i] = (uint8_t)(v >> 8 * i);
}

static void put_bytes(struct buf *b, size_t at, const void *p, size_t n)
{
	while (b->size < at + n)
		buf_u8(b, 0);
	memcpy(b->data + at, p, n);
}

/* A vmlinux: header, BTF, banner, names, four section headers. */
static struct buf vmlinux(bool btf)
{
	static const char banner[] = "Linux version 9.8.7-test (x@y) #1", names[] = "\0.BTF\0.shstrtab\0.rodata";
	struct buf b = { 0 };
	size_t at_btf = 64, at_banner, at_names, at;
	struct {
		uint32_t name, type;
		size_t off, size;
	} s[4] = { { 0 } };
	int i;

	put_bytes(&b, 0, ELFMAG "\2\1\1", 7);
	put(&b, offsetof(Elf64_Ehdr, e_machine), EM_AARCH64, 2);
	put_bytes(&b, at_btf, the_btf, the_size);
	at_banner = b.size;
	buf_add(&b, banner, sizeof(banner));
	at_names = b.size;
	buf_add(&b, names, sizeof(names));
	buf_add(&b, NULL, 300000); /* real ones are large, too */
	buf_align(&b, 8);
	at = b.size;
	s[1].name = btf ? 1 : 16;
	s[1].type = s[2].type = s[3].type = 1;
	s[1].off = at_btf;
	s[1].size = the_size;
	s[2].name = 6;
	s[2].off = at_names;
	s[2].size = sizeof(names);
	s[3].name = 16;
	s[3].off = at_banner;
	s[3].size = sizeof(banner);
	for (i = 0; i < 4; i++) {
		put(&b, at + 64 * i, s[i].name, 4);
		put(&b, at + 64 * i + 4, s[i].type, 4);
		put(&b, at + 64 * i + 24, s[i].off, 8);
		put(&b, at + 64 * i + 32, s[i].size, 8);
		put(&b, at + 64 * i + 56, 0, 8);
	}
	put(&b, offsetof(Elf64_Ehdr, e_shoff), at, 8);
	put(&b, offsetof(Elf64_Ehdr, e_shnum), 4, 2);
	put(&b, offsetof(Elf64_Ehdr, e_shstrndx), 2, 2);
	return b;
}

static la_ssize_t to_buf(struct archive *a, void *arg, const void *p, size_t n)
{
	(void)a;
	buf_add(arg, p, n);
	return (la_ssize_t)n;
}

/* One member of an archive, or (format 0) the compressed bytes themselves. */
static struct buf pack_times(int format, int filter, const char *path, const struct buf *in, uint32_t times)
{
	struct archive *a = archive_write_new();
	struct archive_entry *entry = archive_entry_new();
	struct buf out = { 0 };

	archive_write_add_filter(a, filter);
	if (format == ARCHIVE_FORMAT_AR_BSD)
		archive_write_set_format_ar_bsd(a);
	else if (format)
		archive_write_set_format(a, format);
	else
		archive_write_set_format_raw(a);
	archive_write_set_bytes_in_last_block(a, 1);
	archive_write_open(a, &out, NULL, to_buf, NULL);
	archive_entry_set_pathname(entry, path);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, 0644);
	archive_entry_set_size(entry, (la_int64_t)in->size * times);
	if (archive_write_header(a, entry))
		printf("# %s\n", archive_error_string(a));
	while (times--)
		archive_write_data(a, in->data, in->size);
	archive_write_close(a);
	archive_write_free(a);
	archive_entry_free(entry);
	if (!out.size)
		OK(false, "an archive of the test is written");
	return out;
}

static struct buf pack(int format, int filter, const char *path, const struct buf *in)
{
	return pack_times(format, filter, path, in, 1);
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

/* Lead, empty signature, empty header; then the compressed cpio. */
static struct buf rpm(const struct buf *cpio)
{
	struct buf b = { 0 };
	int i;

	put_bytes(&b, 0, "\xed\xab\xee\xdb\3\0", 6);
	put(&b, 95, 0, 1);
	for (i = 0; i < 2; i++) {
		buf_add(&b, "\x8e\xad\xe8\1\0\0\0\0", 8);
		buf_add(&b, "\0\0\0\1\0\0\0\4", 8); /* one entry of 16 bytes, 4 bytes of data */
		buf_add(&b, "\0\0\3\xe8\0\0\0\4\0\0\0\0\0\0\0\1", 16);
		buf_add(&b, "\0\0\0\1", 4);
		if (!i)
			buf_align(&b, 8);
	}
	buf_add(&b, cpio->data, cpio->size);
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

static void real_modules(const char *kernels, const char *series);

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
	real_modules(dir, "6.12");
}

/*
 * A module's BTF on the kernel's: struct "in_module" { int member; struct in_module *self; }, where "int" and
 * "member" are the kernel's. @base: of make_btf, where "int" is type 1.
 */
static struct buf split_btf(const struct bb *base, uint32_t first)
{
	static const char strings[] = "\0in_module\0self";
	const uint32_t own = (uint32_t)base->strings.size;
	const char *member = memmem(base->strings.data, base->strings.size, "\0member", 8);
	const uint32_t types[] = {
		own + 1, (uint32_t)BTF_KIND_STRUCT << 24 | 2, 16,
		(uint32_t)(member + 1 - (const char *)base->strings.data), 1, 0,
		own + 11, first + 1, 64,
		0, (uint32_t)BTF_KIND_PTR << 24, first,
	};
	struct btf_header h = { .magic = BTF_MAGIC, .version = BTF_VERSION, .hdr_len = sizeof(h), .type_len = sizeof(types),
				.str_off = sizeof(types), .str_len = sizeof(strings) };
	struct buf b = { 0 };

	buf_add(&b, &h, sizeof(h));
	buf_add(&b, types, sizeof(types));
	buf_add(&b, strings, sizeof(strings));
	return b;
}

static void split(const struct bb *b)
{
	char dir[] = "/tmp/abide-image-XXXXXX", path[100], text[64];
	struct btf_data *base = NULL, *s = NULL;
	struct abide_error e = { 0 };
	struct image *im = NULL;
	struct btf_info t;
	struct btf_field f;
	struct buf module;
	FILE *file;
	uint32_t id;

	SAME(btf_open_mem(the_btf, the_size, &base, &e), 0, "the kernel's BTF");
	module = split_btf(b, btf_count(base));
	OK(mkdtemp(dir), "a directory of modules");
	snprintf(path, sizeof(path), "%s/a_module", dir);
	file = fopen(path, "wb");
	OK(file && fwrite(module.data, 1, module.size, file) == module.size && !fclose(file), "a module in it");
	SAME(image_open_mem("test", the_btf, the_size, &im, &e), 0, "a kernel for it");
	SAME(image_add_modules(im, "/nonexistent", &e), -ENOENT, "no modules");
	SAME(image_add_modules(im, dir, &e), 0, "modules of a directory");
	SAME(im->nr_modules, 1, "one");
	HAS(im->modules[0].name, "a_module", "its name");
	SAME(btf_open_split(base, im->modules[0].btf, im->modules[0].btf_size, &s, &e), 0, "its BTF on the kernel's");
	SAME(btf_count(s), btf_count(base) + 2, "ids go on");
	id = btf_find(s, BTF_KIND_STRUCT, "in_module");
	SAME(id, btf_count(base), "a type of the module by name");
	OK(btf_get(s, id, &t) && t.size == 16 && !strcmp(t.name, "in_module"), "its own string");
	OK(btf_field_at(s, &t, 0, &f) && !strcmp(f.name, "member") && btf_sizeof(s, f.type) == 4, "a string and a type of the kernel's");
	OK(btf_field_at(s, &t, 1, &f) && !strcmp(f.name, "self"), "a string of the module's");
	HAS(btf_spell(s, f.type, text, sizeof(text)), "struct in_module *", "a type of the module's");
	SAME(btf_find(s, BTF_KIND_INT, "int"), 1, "a type of the kernel's by name");
	id = btf_find(s, BTF_KIND_STRUCT, "struct_0");
	OK(id && id < btf_count(base) && btf_get(s, id, &t) && btf_field_at(s, &t, 1, &f) && !strcmp(f.name, "struct_0"),
	   "a struct of the kernel's through the module's");
	SAME(btf_after(s, btf_count(base) - 1, 1u << BTF_KIND_STRUCT), btf_count(base), "types one after the other");
	SAME(btf_find(base, BTF_KIND_STRUCT, "in_module"), 0, "the kernel's BTF is as it was");
	btf_free(s);
	btf_free(base);
	image_free(im);
	buf_free(&module);
	unlink(path);
	SAME(rmdir(dir), 0, "nothing is left");
}

/* Modules of a real kernel: mq-deadline's own struct, with members of the kernel's types. */
static void real_modules(const char *kernels, const char *series)
{
	char vmlinuz[4096], modules[4096], text[64];
	struct btf_data *base = NULL, *s = NULL;
	struct abide_error e = { 0 };
	struct image *im = NULL;
	struct btf_info t;
	struct btf_field f;
	uint32_t i, id, seen = 0;

	snprintf(vmlinuz, sizeof(vmlinuz), "%s/%s/vmlinuz", kernels, series);
	snprintf(modules, sizeof(modules), "%s/%s/modules", kernels, series);
	if (access(vmlinuz, R_OK) || image_open(vmlinuz, &im, &e) || image_add_modules(im, modules, &e)) {
		printf("skip - modules of %s: %s\n", series, *e.problem ? e.problem : "scripts/kernels has not fetched it");
		image_free(im);
		return;
	}
	SAME(btf_open_mem(im->btf, im->btf_size, &base, &e), 0, "a real kernel's BTF");
	for (i = 0; i < im->nr_modules; i++) {
		if (strcmp(im->modules[i].name, "mq_deadline"))
			continue;
		SAME(btf_open_split(base, im->modules[i].btf, im->modules[i].btf_size, &s, &e), 0, "a real module's on it");
		id = btf_find(s, BTF_KIND_STRUCT, "deadline_data");
		OK(id >= btf_count(base) && btf_get(s, id, &t), "its own struct");
		for (id = 0; btf_field_at(s, &t, id, &f); id++)
			seen += !strcmp(f.name, "lock") && !strcmp(btf_spell(s, f.type, text, sizeof(text)), "spinlock_t");
		SAME(seen, 1, "with a member of a type of the kernel's");
		btf_free(s);
	}
	btf_free(base);
	image_free(im);
}

int main(int argc, char **argv)
{
	struct bb b = { 0 };

	samples = argc > 1 ? argv[1] : NULL;
	make_btf(&b);
	formats();
	hostile();
	split(&b);
	real();
	bb_free(&b);
	return kit_done();
}
