/*
 * See rest_of_transfer.h: x86-64.
 *
 * dp_rest_of_transfer: rax has the bytes done, rcx the address where the thread goes on, r11
 * the number of the call; rsi and rdx are still its buffer and its size. A system call leaves
 * nothing in rax, rcx and r11 but its result, so all three are free here. The thread goes on
 * with every other register as it was, and with the sum in rax. An error ends the transfer:
 * what was done before is the result, as if the call had met it so.
 *
 * dp_rest_cut_short: the same, when this call was cut short in its turn.
 *
 * The frame lies below the red zone: where the thread goes on, the number, the sum, rsi, rdx.
 */
#define FRAME (128 + 40)

        .text
        .globl  dp_rest_of_transfer, dp_rest_cut_short, dp_rest_returns
        .hidden dp_rest_of_transfer, dp_rest_cut_short, dp_rest_returns
        .type   dp_rest_of_transfer, @function
dp_rest_of_transfer:
        .cfi_startproc simple
        .cfi_signal_frame               /* rip is where the thread goes on, not behind a call */
        .cfi_def_cfa rsp, 0
        .cfi_register rip, rcx
        leaq    -FRAME(%rsp), %rsp
        .cfi_def_cfa_offset FRAME
        movq    %rcx, (%rsp)
        .cfi_offset rip, -FRAME
        movq    %r11, 8(%rsp)
        movq    $0, 16(%rsp)
        movq    %rsi, 24(%rsp)
        movq    %rdx, 32(%rsp)
dp_rest_cut_short:
        addq    %rax, 16(%rsp)
        addq    %rax, %rsi
        subq    %rax, %rdx
        movq    8(%rsp), %rax
        syscall
dp_rest_returns:
        testq   %rax, %rax
        js      .Lended
        addq    %rax, 16(%rsp)
.Lended:
        movq    16(%rsp), %rax
        movq    24(%rsp), %rsi
        movq    32(%rsp), %rdx
        movq    (%rsp), %rcx
        .cfi_register rip, rcx
        leaq    FRAME(%rsp), %rsp
        .cfi_def_cfa_offset 0
        notrack jmp *%rcx
        .cfi_endproc
        .size   dp_rest_of_transfer, . - dp_rest_of_transfer

        .section .note.GNU-stack, "", @progbits
