/* What LLVM calls where `setjmp` and `longjmp` stand, by its convention (lib/Target/WebAssembly/
 * WebAssemblyLowerEmscriptenEHSjLj.cpp): a buffer belongs to one call of one function, and `longjmp` is an exception
 * with the tag `__c_longjmp`, number 1. */

#include "setjmp.h"

void __wasm_setjmp(jmp_buf buffer, unsigned label, void *frame) {
    buffer->frame = frame;
    buffer->label = label;
}

unsigned __wasm_setjmp_test(jmp_buf buffer, void *frame) {
    return buffer->frame == frame ? buffer->label : 0;
}

void __wasm_longjmp(jmp_buf buffer, int value) {
    buffer->thrown.buffer = buffer;
    buffer->thrown.value = value == 0 ? 1 : value;
    __builtin_wasm_throw(1, &buffer->thrown);
}
