// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Local storage of inodes: for LSM programs. */
#include "corpus.h"

struct {
	__uint(type, BPF_MAP_TYPE_INODE_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u64);
} storage SEC(".maps");

struct file___inode {
	struct inode *f_inode;
} KERNEL;

SEC("lsm/file_open")
int BPF_PROG(get, struct file___inode *file)
{
	__u64 *v = bpf_inode_storage_get(&storage, file->f_inode, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (v)
		*v += 1;
	return 0;
}
