/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A program for each kind of field of app_events.h: it returns the field, so that the test can
 * compare it with what C reads. The header is what abide header prints for the first of two builds.
 */
#include "app_events.user.h"
#include <abide/program.h>

#define GET(name, expression)                                                                      \
	SEC("tp_user/things:seen")                                                                 \
	__u64 BPF_PROG(get_##name, struct thing_user *thing)                                       \
	{                                                                                          \
		return (__u64)(expression);                                                        \
	}

GET(u8, thing->u8)
GET(s8, thing->s8)
GET(u16, thing->u16)
GET(s16, thing->s16)
GET(u32, thing->u32)
GET(s32, thing->s32)
GET(u64, thing->u64)
GET(s64, thing->s64)
GET(yes, thing->yes)
GET(level, thing->level)
GET(three, thing->three)
GET(minus, thing->minus)
GET(small, thing->small)
GET(big, thing->big)
GET(narrow, thing->narrow[2])
GET(bytes_s, thing->bytes_s[1])
GET(numbers, thing->numbers[4])
GET(mac, thing->mac[5])
GET(name, thing->name[3])
GET(fd, thing->peer->fd)
GET(next_fd, thing->peer->next->fd)
GET(any, thing->any)
GET(account, thing->account)
GET(tries, thing->tries)
GET(level_again, thing->level_again)
/* part of a wide one, and two at once */
GET(upper, thing->u64 >> 32)
GET(sum, thing->u8 + thing->u16 + thing->numbers[thing->s16 & 3])
GET(exists, user_field_exists(thing->numbers) && user_field_exists(thing->peer->fd))

/* The last 8 bytes of a string, as a number; its length is in the upper byte. */
static __always_inline __u64 tail(const char *text, long n)
{
	__u64 v = n < 0 ? 0xff : (__u64)n;
	int i;

	for (i = 0; i < 7; i++)
		v = v << 8 | (__u8)text[i];
	return v;
}

SEC("tp_user/things:seen")
__u64 BPF_PROG(get_text, struct thing_user *thing)
{
	char text[8] = "";

	return tail(text, user_str(text, sizeof(text), thing->text));
}

SEC("tp_user/things:seen")
__u64 BPF_PROG(get_name_str, struct thing_user *thing)
{
	char text[8] = "";

	return tail(text, user_str(text, sizeof(text), thing->name));
}

#define ARG(name, expression)                                                                      \
	SEC("tp_user/things:args")                                                                 \
	__u64 BPF_PROG(arg_##name, __u8 u8, __s16 s16, __s32 s32, __u64 u64, bool yes,            \
		       const char *text, const void *any, struct peer_user *peer)                  \
	{                                                                                          \
		return (__u64)(expression);                                                        \
	}

ARG(u8, u8)
ARG(s16, s16)
ARG(s32, s32)
ARG(u64, u64)
ARG(yes, yes)
ARG(any, any)
ARG(fd, peer->next->fd)

SEC("tp_user/things:args")
__u64 BPF_PROG(arg_text, __u8 u8, __s16 s16, __s32 s32, __u64 u64, bool yes, const char *text)
{
	char copy[8] = "";

	return tail(copy, user_str(copy, sizeof(copy), text));
}
LICENSE("GPL");
