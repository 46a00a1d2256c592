/*
 * The thunks that inserted code jumps to (see include/deep_profile/abi/gate.h),
 * and the passage from the hot path, which uses general registers only, to
 * code that may touch the vector registers.
 *
 * At a thunk r10 holds the site and r11 the address to return to. The thunk
 * steps over the red zone and keeps every register but rax (enter), r10, r11
 * and the flags: itself rdi and rsi, in which arguments are; the functions of the hot path are
 * compiled to keep the others, and so save only those they use. The unwinder sees an ordinary
 * call: the return address is in r11, later on the thunk's frame.
 */

/* Calls a function of the hot path. With ThreadSanitizer the call goes through
 * dp_call_out_on, because that library keeps no registers. The label is the return
 * address: stacks.c looks whether it still lies on the stack. */
        .macro  CALL_HOT function
#ifdef __SANITIZE_THREAD__
        pushq   %rcx
        .cfi_adjust_cfa_offset 8
        pushq   %rdx
        .cfi_adjust_cfa_offset 8
        pushq   %rsi
        .cfi_adjust_cfa_offset 8
        movq    %rdi, %rdx
        movq    %rsi, %rcx
        leaq    \function(%rip), %rsi
        xorl    %edi, %edi
        call    dp_call_out_on
        popq    %rsi
        .cfi_adjust_cfa_offset -8
        popq    %rdx
        .cfi_adjust_cfa_offset -8
        popq    %rcx
        .cfi_adjust_cfa_offset -8
#else
        call    \function
#endif
        .globl  \function\()_returns
        .hidden \function\()_returns
\function\()_returns:
        .endm

/* A register that the unwinder finds on the thunk's frame. */
        .macro  SAVE register
        pushq   %\register
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset \register, 0
        .endm

        .macro  RESTORE register
        popq    %\register
        .cfi_adjust_cfa_offset -8
        .cfi_restore \register
        .endm

/* The frame of a thunk: below the red zone r11, which is where it returns to, and the
 * registers of the arguments. */
        .macro  BEGIN_THUNK name
        .globl  \name
        .type   \name, @function
        .p2align 4
\name:
        .cfi_startproc
        .cfi_def_cfa rsp, 0
        .cfi_register rip, r11
        endbr64
        leaq    -128(%rsp), %rsp
        .cfi_adjust_cfa_offset 128
        pushq   %r11
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset rip, 0
        SAVE    rdi
        SAVE    rsi
        .endm

        .macro  END_THUNK name
        RESTORE rsi
        RESTORE rdi
        popq    %r11
        .cfi_adjust_cfa_offset -8
        .cfi_register rip, r11
        leaq    128(%rsp), %rsp
        .cfi_adjust_cfa_offset -128
        notrack jmp *%r11
        .cfi_endproc
        .size   \name, . - \name
        .endm

        .section .text.unlikely, "ax", @progbits

        BEGIN_THUNK deep_profile_enter
        movq    %r10, %rdi
        CALL_HOT dp_enter
        END_THUNK deep_profile_enter

        BEGIN_THUNK deep_profile_exit
        pushq   %rax
        .cfi_adjust_cfa_offset 8
        movq    %r10, %rdi
        movq    %rax, %rsi              /* due */
        CALL_HOT dp_exit
        popq    %rax
        .cfi_adjust_cfa_offset -8
        END_THUNK deep_profile_exit

/* As a process begins: every exception masked, to nearest, subnormal numbers kept. The
 * host's is in what was saved at %rsp, as FXSAVE does; most hosts have just this one, and
 * loading it takes as long as saving it. fninit does not wait for an exception of the
 * host's that is still to be raised. */
        .macro  DEFAULT_FLOATING_POINT
        movl    24(%rsp), %eax
        andl    $~0x3f, %eax            /* MXCSR but for its flags */
        cmpl    $0x1f80, %eax
        jne     8f
        cmpw    $0x37f, (%rsp)          /* x87 control word */
        je      9f
8:      fninit
        ldmxcsr default_mxcsr(%rip)
9:
        .endm

        .section .rodata, "a", @progbits
        .p2align 2
default_mxcsr:
        .long   0x1f80
        .section .text.unlikely, "ax", @progbits

/*
 * uint64_t dp_call_out_on(void *top, uint64_t (*function)(void *, uintptr_t, uintptr_t),
 *                     void *a, uintptr_t b, uintptr_t c)
 *
 * Calls function(a, b, c) on the stack below `top`, or on the present one where
 * that is NULL. It may use any register; those that enter.c expects to keep are
 * kept, and the vector state: x87, SSE, AVX, AVX-512 (XCR0 bits 0, 1, 2, 5, 6,
 * 7), with the host's rounding, masks and flags. AMX tiles and the rest are left alone:
 * nothing below uses them. 2752 bytes hold that state in XSAVE's standard form; its header
 * must be zero.
 */
        .globl  dp_call_out_on
        .hidden dp_call_out_on
        .type   dp_call_out_on, @function
        .p2align 4
dp_call_out_on:
        .cfi_startproc
        pushq   %rbp
        .cfi_adjust_cfa_offset 8
        .cfi_offset rbp, -16
        movq    %rsp, %rbp
        .cfi_def_cfa_register rbp
        pushq   %rbx
        .cfi_offset rbx, -24
        pushq   %rcx
        pushq   %rdx
        pushq   %rsi
        pushq   %rdi
        pushq   %r8
        pushq   %r9
        testq   %rdi, %rdi
        cmoveq  %rsp, %rdi
        leaq    -2760(%rdi), %rsp
        andq    $-64, %rsp
        movq    %rsi, %rbx
        movq    %rdx, %rdi
        movq    %rcx, %rsi
        movq    %r8, %rcx
        cmpb    $0, dp_has_xsave(%rip)
        je      1f
        xorl    %eax, %eax
        movq    %rax, 512(%rsp)
        movq    %rax, 520(%rsp)
        movq    %rax, 528(%rsp)
        movq    %rax, 536(%rsp)
        movq    %rax, 544(%rsp)
        movq    %rax, 552(%rsp)
        movq    %rax, 560(%rsp)
        movq    %rax, 568(%rsp)
        movl    $0xe7, %eax
        xorl    %edx, %edx
        xsave64 (%rsp)
        DEFAULT_FLOATING_POINT
        movq    %rcx, %rdx
        call    *%rbx
        movq    %rax, %rcx
        movl    $0xe7, %eax
        xorl    %edx, %edx
        xrstor64 (%rsp)
        movq    %rcx, %rax
        jmp     2f
1:      fxsave64 (%rsp)
        DEFAULT_FLOATING_POINT
        movq    %rcx, %rdx
        call    *%rbx
        fxrstor64 (%rsp)
2:      movq    -8(%rbp), %rbx
        movq    -16(%rbp), %rcx
        movq    -24(%rbp), %rdx
        movq    -32(%rbp), %rsi
        movq    -40(%rbp), %rdi
        movq    -48(%rbp), %r8
        movq    -56(%rbp), %r9
        leave
        .cfi_def_cfa rsp, 8
        ret
        .cfi_endproc
        .size   dp_call_out_on, . - dp_call_out_on

        .section .note.GNU-stack, "", @progbits
