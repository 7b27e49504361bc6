/* Starts a program on a bare Cortex-M under semihosting, and ends the emulator with the exit code of main. */
#include <stdint.h>

extern uint32_t stack_top;
int main(void);

static void finish(uint32_t code) {
    uint32_t block[2];
    register uint32_t r0 __asm__("r0") = 0x20U; /* SYS_EXIT_EXTENDED */
    register uint32_t *r1 __asm__("r1") = block;
    block[0] = 0x20026U; /* ADP_Stopped_ApplicationExit */
    block[1] = code;
    __asm__ volatile("bkpt 0xab" : : "r"(r0), "r"(r1) : "memory");
    for (;;) {}
}

static void start(void) {
#ifdef __ARM_FP
    *(volatile uint32_t *)0xE000ED88U |= 0xFU << 20; /* the FPU is off after reset */
    __asm__ volatile("dsb\n isb");
#endif
    finish((uint32_t)main());
}

static void fault(void) { finish(99U); }

__attribute__((section(".vectors"), used)) static const struct {
    uint32_t *stack;
    void (*entry[3])(void);
} vectors = {&stack_top, {start, fault, fault}};
