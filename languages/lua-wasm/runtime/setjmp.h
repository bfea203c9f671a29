/* For the compiler, which makes exceptions of these: its library for WASI has none. */

#pragma once

typedef struct {
    void *frame;
    unsigned label;
    struct {
        void *buffer;
        int value;
    } thrown;
} jmp_buf[1];

int setjmp(jmp_buf) __attribute__((__returns_twice__));
_Noreturn void longjmp(jmp_buf, int);

#define _setjmp setjmp
#define _longjmp longjmp
