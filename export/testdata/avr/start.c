/* Runs a self-test on an AVR, sends its exit code by the serial port as a digit, and sleeps for good. */
#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/sleep.h>

#define main selftest
#include "net_selftest.c"
#undef main

int main(void) {
    const int code = selftest();
    UCSR0B = (uint8_t)_BV(TXEN0);
    UDR0 = (uint8_t)('0' + code);
    while (!(UCSR0A & _BV(UDRE0))) {}
    UDR0 = '\n';
    while (!(UCSR0A & _BV(UDRE0))) {}
    cli();
    sleep_mode();
    return 0;
}
