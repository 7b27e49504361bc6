/* Steps a printed model along the rows of its self-test, and writes two numbers between signs of equality: instructions of all steps
   (cycles on AVR), and the bytes of the stack that a step takes below its caller. Rows follow each other after the elapsed time of
   the first. NUMBER is the type of inputs. */
#define main selftest
#include "net_selftest.c"
#undef main

enum { DEPTH = 6144, PAINT = 0xA5 };

#if defined(__arm__)
#define SYST ((volatile uint32_t *)0xE000E010U)
/* SysTick counts down at 25 MHz, one in 40 ns; an instruction takes 1 ns where the emulator counts them. */
static void prepare(void) {
    SYST[1] = 0xFFFFFFU;
    SYST[2] = 0U;
    SYST[0] = 5U;
}
static uint32_t now(void) { return 0xFFFFFFU - SYST[2]; }
static uint32_t passed(uint32_t from, uint32_t to) { return ((to - from) & 0xFFFFFFU) * 40U; }
static uint8_t *pointer(void) {
    uint8_t *sp;
    __asm__ volatile("mov %0, sp" : "=r"(sp));
    return sp;
}
static void put(char c) {
    register uint32_t r0 __asm__("r0") = 3U; /* SYS_WRITEC */
    register const char *r1 __asm__("r1") = &c;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
}
#elif defined(__riscv)
static void prepare(void) {}
static uint32_t now(void) {
    register uint32_t a0 __asm__("a0");
    __asm__ volatile(".word 0xC0202573" : "=r"(a0)); /* rdinstret a0 */
    return a0;
}
static uint32_t passed(uint32_t from, uint32_t to) { return to - from; }
static uint8_t *pointer(void) {
    uint8_t *sp;
    __asm__ volatile("mv %0, sp" : "=r"(sp));
    return sp;
}
static void put(char c) { *(volatile uint8_t *)0x10000000U = (uint8_t)c; }
#elif defined(__AVR__)
#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/sleep.h>
/* Timer 1 counts every 1024th cycle, up to 67 million; what that leaves unknown of one step is small in the sum of all. */
static void prepare(void) { TCCR1B = _BV(CS12) | _BV(CS10); }
static uint32_t now(void) { return TCNT1; }
static uint32_t passed(uint32_t from, uint32_t to) { return (uint32_t)(uint16_t)(to - from) * 1024U; }
static uint8_t *pointer(void) { return (uint8_t *)SP; }
static void put(char c) {
    UCSR0B = (uint8_t)_BV(TXEN0);
    UDR0 = (uint8_t)c;
    while (!(UCSR0A & _BV(UDRE0))) {}
}
#endif

static void print(uint32_t v) {
    char digits[10];
    unsigned n = 0;
    do {
        digits[n++] = (char)('0' + v % 10U);
        v /= 10U;
    } while (v > 0U);
    while (n > 0U) put(digits[--n]);
}

int main(void) {
    net_state s;
    NUMBER y[net_OUTPUTS];
    uint32_t total = 0, idle;
    volatile uint8_t *p, *sp;
    net_init(&s);
    prepare();
    idle = now();
    idle = passed(idle, now());
    sp = pointer();
    for (p = sp - DEPTH; p < sp; p++) *p = PAINT;
    for (int row = 0; row < net_ROWS; row++) {
        const uint32_t before = now();
        const int bad = net_step(&s, net_x[row], net_dt[0], y);
        total += passed(before, now()) - idle;
        if (bad != 0) return 1;
    }
    for (p = sp - DEPTH; *p == PAINT; p++) {}
    put('=');
    print(total);
    put(',');
    print((uint32_t)(sp - p));
    put('=');
    put('\n');
#ifdef __AVR__
    cli();
    sleep_mode();
#endif
    return 0;
}
