// Runs chip_top (osc, pll, rx, tx) and moves bytes between it and this program's stdin and stdout, 8N1.
// Usage: simulator <oscillator clocks per bit> <half period of osc, fs> <half period of pll, fs>. Ends with stdin.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <poll.h>
#include <unistd.h>
#include "Vdut.h"

double sc_time_stamp() { return 0; }

static const uint64_t POLL_CLOCKS = 256;        // how often stdin is looked at
static const uint64_t SETTLE_CLOCKS = 4096;     // time for reset before the first byte
static const uint64_t IDLE_CLOCKS = 2000000;    // without any byte for so long it sleeps until stdin has one

int main(int argc, char** argv) {
    if (argc != 4) return 2;
    const uint64_t divisor = std::strtoull(argv[1], nullptr, 10);
    const uint64_t half[2] = {std::strtoull(argv[2], nullptr, 10), std::strtoull(argv[3], nullptr, 10)};
    VerilatedContext context;
    Vdut dut(&context, "");
    std::deque<uint8_t> waiting;
    uint64_t next[2] = {half[0], half[1]}, clock = 0, quiet = 0;
    uint64_t send_left = 0, receive_left = 0, send_clock = 0, receive_clock = 0;
    unsigned sending = 0, receiving = 0;
    dut.osc = 0; dut.pll = 0; dut.rx = 1;
    dut.eval();
    while (true) {
        const int which = next[0] <= next[1] ? 0 : 1;
        next[which] += half[which];
        if (which == 1) { dut.pll = !dut.pll; dut.eval(); continue; }
        dut.osc = !dut.osc;
        dut.eval();
        if (dut.osc) continue;                  // pins change and are read between rising edges
        clock++;
        quiet++;
        if (send_left && --send_clock == 0 && --send_left) {
            dut.rx = sending & 1;
            sending >>= 1;
            send_clock = divisor;
        }
        if (!send_left && !waiting.empty() && clock > SETTLE_CLOCKS) {
            sending = waiting.front() | 0x100;  // data, then the stop bit
            waiting.pop_front();
            dut.rx = 0;
            send_left = 10; send_clock = divisor;
            quiet = 0;
        }
        if (receive_left) {
            if (--receive_clock == 0) {
                receive_clock = divisor;
                receiving = (receiving >> 1) | (dut.tx ? 0x200 : 0);
                if (--receive_left == 0 && dut.tx) {
                    const uint8_t byte = uint8_t(receiving >> 1);
                    if (write(1, &byte, 1) != 1) return 3;
                    quiet = 0;
                }
            }
        } else if (!dut.tx && clock > SETTLE_CLOCKS / 2) {
            receive_left = 10; receive_clock = divisor / 2;
            receiving = 0;
        }
        if (clock % POLL_CLOCKS == 0) {
            const bool sleep = quiet > IDLE_CLOCKS && waiting.empty() && !send_left && !receive_left;
            pollfd input = {0, POLLIN, 0};
            if (poll(&input, 1, sleep ? -1 : 0) > 0) {
                uint8_t buffer[4096];
                const ssize_t count = read(0, buffer, sizeof buffer);
                if (count <= 0) return 0;
                waiting.insert(waiting.end(), buffer, buffer + count);
                quiet = 0;
            }
        }
    }
}
