// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * A kernel's modules: in directories, in Debian and RPM packages, in packages beside the kernel's. All of them are
 * made by the test, but for mq-deadline, which comes from the cache of scripts/kernels.
 */
#include <sys/stat.h>
#include <unistd.h>

#include "image_kit.h"
#include "profile/kernels.h"
#include "profile/modules.h"

static struct bb the_base;
static const void *the_btf;
static size_t the_size;
static struct btf_data *base;
static char dir[] = "/tmp/abide-modules-XXXXXX";

static void make_base(void)
{
	uint32_t i, s32 = bb_int(&the_base, "int", 4, BTF_INT_SIGNED, 0, 32);
	struct abide_error e = { 0 };
	char name[32];

	for (i = 0; i < 400; i++) {
		struct bb_member m[] = { BB_AT("member", s32, 0), BB_AT(name, s32, 4) };

		snprintf(name, sizeof(name), "struct_%u", i);
		bb_struct(&the_base, BTF_KIND_STRUCT, name, 8, false, 2, m);
	}
	the_btf = bb_finish(&the_base, &the_size);
	SAME(btf_open_mem(the_btf, the_size, &base, &e), 0, "the kernel's BTF");
}

/* --- modules as files ------------------------------------------------------- */

static void write_file(const char *name, const struct buf *b)
{
	char path[200];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "wb");
	OK(f && fwrite(b->data, 1, b->size, f) == b->size && !fclose(f), name);
}

static void drop(const char *name)
{
	char path[200];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	OK(!unlink(path), "it is removed again");
}

struct member {
	const char *path;
	struct buf bytes; /* freed by packing it */
};

static struct buf pack_members(int format, int filter, struct member *members, int n)
{
	struct archive *a = archive_write_new();
	struct buf out = { 0 };
	int i;

	archive_write_add_filter(a, filter);
	archive_write_set_format(a, format);
	archive_write_set_bytes_in_last_block(a, 1);
	archive_write_open(a, &out, NULL, to_buf, NULL);
	for (i = 0; i < n; i++) {
		struct archive_entry *entry = archive_entry_new();

		archive_entry_set_pathname(entry, members[i].path);
		archive_entry_set_filetype(entry, AE_IFREG);
		archive_entry_set_perm(entry, 0644);
		archive_entry_set_size(entry, (la_int64_t)members[i].bytes.size);
		archive_write_header(a, entry);
		archive_write_data(a, members[i].bytes.data, members[i].bytes.size);
		archive_entry_free(entry);
		buf_free(&members[i].bytes);
	}
	archive_write_close(a);
	archive_write_free(a);
	return out;
}

static struct buf deb(struct member *members, int n)
{
	struct buf data = pack_members(ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FILTER_XZ, members, n), out;

	out = pack(ARCHIVE_FORMAT_AR_BSD, ARCHIVE_FILTER_NONE, "data.tar.xz", &data);
	buf_free(&data);
	return out;
}

static struct buf make_rpm(struct member *members, int n)
{
	struct buf data = pack_members(ARCHIVE_FORMAT_CPIO_SVR4_NOCRC, ARCHIVE_FILTER_ZSTD, members, n), out = rpm(&data);

	buf_free(&data);
	return out;
}

static struct buf squeezed(struct buf plain, int filter)
{
	struct buf out = pack(0, filter, "x", &plain);

	buf_free(&plain);
	return out;
}

static struct buf with_btf(void)
{
	struct buf split = split_btf(&the_base, btf_count(base)), out = ko(true, false, &split);

	buf_free(&split);
	return out;
}

/* --- what is asked ---------------------------------------------------------- */

/* The types of the module, whatever it came in. */
static void look_into(struct btf_data *s)
{
	struct btf_info t;
	struct btf_field f;
	char text[64];
	uint32_t id;

	if (!s) {
		OK(false, "its BTF on the kernel's");
		return;
	}
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
}

static bool is(const struct module *m, const char *name)
{
	return m && !strcmp(module_name(m), name);
}

/* a_module has BTF and symbols, b_module symbols alone. */
static void ask_all(struct modules *m)
{
	const struct module *a = modules_named(m, "a_module"), *b = modules_named(m, "b_module");
	uint32_t at = 0;

	OK(is(a, "a_module") && is(b, "b_module"), "both modules, by name");
	if (!a || !b)
		return;
	look_into(modules_btf(m, a));
	OK(!modules_btf(m, b), "a module without BTF has none");
	OK(module_has_symbols(a) && module_has_symbols(b), "their symbols are known");
	OK(is(modules_with(m, MODULE_TYPE, "in_module", &at), "a_module") && !modules_with(m, MODULE_TYPE, "in_module", &at),
	   "one has the type");
	OK(module_has(a, MODULE_TYPE, "in_module___new") && module_has(a, MODULE_TYPE, "in_module___"), "by the name of a flavour, too");
	OK(!module_has(a, MODULE_TYPE, "in_modul") && !module_has(a, MODULE_TYPE, "struct_0"), "no other name, and not the kernel's");
	at = 0;
	OK(is(modules_with(m, MODULE_FUNCTION, "mod_function", &at), "a_module") &&
		   is(modules_with(m, MODULE_FUNCTION, "mod_function", &at), "b_module") && !modules_with(m, MODULE_FUNCTION, "mod_function", &at),
	   "a symbol of both, in order");
	OK(!module_has(a, MODULE_DATA, "mod_function") && module_has(a, MODULE_DATA, "mod_data"), "code is no data");
	OK(!module_has(a, MODULE_FUNCTION, "mod_begins"), "what is thrown away after the begin does not count");
	OK(!module_has(a, MODULE_DATA, "_printk") && !module_has(a, MODULE_FUNCTION, "_printk"), "nor what it wants from others");
	OK(module_has(a, MODULE_DATA, "event_mod") && module_has(a, MODULE_DATA, "__tracepoint_mod") &&
		   module_has(a, MODULE_DATA, "str__mods__trace_system_name"), "events by the names that macros make");
	OK(!module_has(a, MODULE_DATA, "__ksymtab_x"), "and no others that macros make");
	OK(!modules_named(m, "c_module"), "no module that is not there");
}

static void directory(void)
{
	struct buf split = split_btf(&the_base, btf_count(base));
	struct abide_error e = { 0 };
	struct modules *m = NULL;

	write_file("a_module", &split);
	SAME(modules_open(base, true, &m, &e), 0, "modules");
	OK(!modules_complete(m), "of no place nobody knows them");
	SAME(modules_place(m, dir, &e), 0, "a directory of raw BTF");
	OK(modules_complete(m) && modules_loaded(m), "all of them");
	OK(is(modules_named(m, "a_module"), "a_module") && !module_has_symbols(modules_named(m, "a_module")), "one, without symbols");
	look_into(modules_btf(m, modules_named(m, "a_module")));
	modules_free(m);
	drop("a_module");
	buf_free(&split);
}

static void open_kernel(const char *name, struct kernels **ks, struct modules **m)
{
	struct kernel_list list = { 0 };
	struct abide_error e = { 0 };
	char path[200];

	*m = NULL;
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	OK(!kernels_open(ks, &e) && !kernels_find(*ks, path, &list, &e) && list.nr == 1, "the package is a kernel");
	if (*e.problem)
		printf("# %s\n", e.problem);
	if (list.nr)
		SAME(kernels_modules(*ks, list.items[0], m, &e), 0, "with modules");
	free(list.items);
}

static void debian(void)
{
	struct member all[] = {
		{ "./boot/vmlinuz-9.8.7", vmlinux_of(the_btf, the_size, true) },
		{ "./lib/modules/9.8.7/kernel/fs/a-module.ko.xz", squeezed(with_btf(), ARCHIVE_FILTER_XZ) },
		{ "./lib/modules/9.8.7/kernel/fs/b_module.ko.gz", squeezed(ko(true, false, NULL), ARCHIVE_FILTER_GZIP) },
		{ "./lib/modules/9.8.7/modules.order", with_btf() },
	};
	struct buf package = deb(all, 4), cut = { 0 };
	struct abide_error e = { 0 };
	struct kernels *ks = NULL;
	struct modules *m = NULL;
	char path[200];

	write_file("linux-image-9.8.7.deb", &package);
	open_kernel("linux-image-9.8.7.deb", &ks, &m);
	if (m) {
		ask_all(m);
		OK(modules_complete(m) && !modules_loaded(m), "there are no others, and nobody knows which are loaded");
	}
	kernels_close(ks);
	drop("linux-image-9.8.7.deb");

	buf_add(&cut, package.data, package.size - 200);
	write_file("cut.deb", &cut);
	snprintf(path, sizeof(path), "%s/cut.deb", dir);
	SAME(modules_open(base, false, &m, &e), 0, "modules of a package that is cut");
	SAME(modules_place(m, path, &e), 0, "... is a place");
	OK(!modules_complete(m), "but nobody knows what it lacks");
	modules_free(m);
	drop("cut.deb");
	buf_free(&cut);
	buf_free(&package);
}

/* The kernel, its first modules and the rest in packages of their own, as Fedora has them. */
static void fedora(void)
{
	struct member kernel = { "./lib/modules/9.8.7-1.fc50.x86_64/vmlinuz", vmlinux_of(the_btf, the_size, true) };
	struct member first = { "./lib/modules/9.8.7-1.fc50.x86_64/kernel/fs/a-module.ko.zst", squeezed(with_btf(), ARCHIVE_FILTER_ZSTD) };
	struct member second = { "./lib/modules/9.8.7-1.fc50.x86_64/kernel/net/b-module.ko", ko(true, false, NULL) };
	struct member none = { "./usr/share/doc/nothing", { 0 } };
	struct buf core = make_rpm(&kernel, 1), modules_core = make_rpm(&first, 1), modules = make_rpm(&second, 1), extra = make_rpm(&none, 1);
	struct kernels *ks = NULL;
	struct modules *m = NULL;

	write_file("kernel-core-9.8.7-1.fc50.x86_64.rpm", &core);
	open_kernel("kernel-core-9.8.7-1.fc50.x86_64.rpm", &ks, &m);
	OK(m && !modules_complete(m) && !modules_named(m, "a_module"), "the kernel's package alone tells of no module");
	kernels_close(ks);

	write_file("kernel-modules-core-9.8.7-1.fc50.x86_64.rpm", &modules_core);
	write_file("kernel-modules-9.8.7-1.fc50.x86_64.rpm", &modules);
	write_file("kernel-modules-9.8.8-1.fc50.x86_64.rpm", &modules);
	open_kernel("kernel-core-9.8.7-1.fc50.x86_64.rpm", &ks, &m);
	if (m) {
		ask_all(m);
		OK(!modules_complete(m), "one package of three is missing");
	}
	kernels_close(ks);

	write_file("kernel-modules-extra-9.8.7-1.fc50.x86_64.rpm", &extra);
	open_kernel("kernel-core-9.8.7-1.fc50.x86_64.rpm", &ks, &m);
	OK(m && modules_complete(m), "now there are no others");
	kernels_close(ks);
	drop("kernel-core-9.8.7-1.fc50.x86_64.rpm");
	drop("kernel-modules-core-9.8.7-1.fc50.x86_64.rpm");
	drop("kernel-modules-9.8.7-1.fc50.x86_64.rpm");
	drop("kernel-modules-9.8.8-1.fc50.x86_64.rpm");
	drop("kernel-modules-extra-9.8.7-1.fc50.x86_64.rpm");
	buf_free(&core);
	buf_free(&modules_core);
	buf_free(&modules);
	buf_free(&extra);
}

static void count(void *arg, const char *name, bool code)
{
	unsigned *nr = arg;

	nr[0]++;
	nr[1] += code && !strcmp(name, "mod_function");
}

/* Any class and byte order; and bytes that somebody has turned over. */
static void symbols_of(bool wide, bool big)
{
	struct buf b = ko(wide, big, NULL);
	struct image_module m = { .name = "m", .elf = b.data, .elf_size = b.size };
	unsigned nr[2] = { 0 }, junk[2] = { 0 };
	uint64_t seed = 88172645463325252u;
	size_t i;

	image_module_symbols(&m, count, nr);
	OK(nr[0] == 5 && nr[1] == 1, wide ? big ? "64 bits, big-endian" : "64 bits" : big ? "32 bits, big-endian" : "32 bits");
	for (i = 0; i < 4000; i++) {
		size_t at;
		uint8_t was;

		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		at = seed % b.size;
		was = b.data[at];
		b.data[at] = (uint8_t)(seed >> 40);
		m.elf_size = i % 3 ? b.size : (size_t)(seed >> 8) % b.size;
		image_module_symbols(&m, count, junk);
		b.data[at] = was;
	}
	OK(junk[0] > 4000 && junk[1] < junk[0], "a byte that is wrong costs some symbols at most");
	buf_free(&b);
}

/* Modules of a real kernel: mq-deadline's own struct, with members of the kernel's types. */
static void real(const char *kernels, const char *series)
{
	char vmlinuz[4096], place[4096], text[64];
	struct btf_data *own = NULL, *s;
	const struct module *one;
	struct modules *m = NULL;
	struct abide_error e = { 0 };
	struct image *im = NULL;
	struct btf_info t;
	struct btf_field f;
	uint32_t id, seen = 0;

	snprintf(vmlinuz, sizeof(vmlinuz), "%s/%s/vmlinuz", kernels, series);
	snprintf(place, sizeof(place), "%s/%s/modules", kernels, series);
	if (access(vmlinuz, R_OK) || access(place, R_OK) || image_open(vmlinuz, &im, &e)) {
		printf("skip - modules of %s: %s\n", series, *e.problem ? e.problem : "scripts/kernels has not fetched it");
		return;
	}
	OK(!btf_open_mem(im->btf, im->btf_size, &own, &e) && !modules_open(own, false, &m, &e) && !modules_place(m, place, &e),
	   "a real kernel's modules");
	one = modules_named(m, "mq_deadline");
	s = one ? modules_btf(m, one) : NULL;
	if (s) {
		id = btf_find(s, BTF_KIND_STRUCT, "deadline_data");
		OK(id >= btf_count(own) && btf_get(s, id, &t), "its own struct");
		for (id = 0; btf_field_at(s, &t, id, &f); id++)
			seen += !strcmp(f.name, "lock") && !strcmp(btf_spell(s, f.type, text, sizeof(text)), "spinlock_t");
		SAME(seen, 1, "with a member of a type of the kernel's");
		OK(module_has(one, MODULE_FUNCTION, "dd_merged_requests") && !module_has(one, MODULE_FUNCTION, "deadline_init"),
		   "its functions, but not the one that begins it");
	} else {
		OK(false, "mq-deadline's BTF");
	}
	modules_free(m);
	btf_free(own);
	image_free(im);
}

int main(void)
{
	const char *own = getenv("ABIDE_CACHE"), *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	char kernels[3000];

	make_base();
	OK(mkdtemp(dir), "a directory");
	setenv("XDG_DATA_HOME", dir, 1); /* no profiles of whoever runs the tests */
	directory();
	debian();
	fedora();
	symbols_of(true, false);
	symbols_of(true, true);
	symbols_of(false, false);
	symbols_of(false, true);
	SAME(rmdir(dir), 0, "nothing is left");
	if (own)
		snprintf(kernels, sizeof(kernels), "%s/kernels", own);
	else
		snprintf(kernels, sizeof(kernels), "%s%s/abide/kernels", xdg ? xdg : home ? home : "", xdg ? "" : "/.cache");
	real(kernels, "6.12");
	btf_free(base);
	bb_free(&the_base);
	return kit_done();
}
