// Drives harness_top (clk, rst, ip, iv, ir, op, ov, rdy) with the beats of a binary file and records what comes out.
// Usage: simulator <vectors> <results>. Layouts: nnfpga/sim/verilator_engine.py.
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <vector>
#include "Vdut.h"

double sc_time_stamp() { return 0; }

template <class T> static void load(T& port, const uint32_t* from, size_t words) {
    uint64_t value = from[0];
    if (words > 1) value |= uint64_t(from[1]) << 32;
    port = T(value);
}
template <class T> static void store(const T& port, uint32_t* to, size_t words) {
    to[0] = uint32_t(port);
    if (words > 1) to[1] = uint32_t(uint64_t(port) >> 32);
}
template <std::size_t N> static void load(VlWide<N>& port, const uint32_t* from, size_t words) {
    for (size_t n = 0; n < words; n++) port[n] = from[n];
}
template <std::size_t N> static void store(const VlWide<N>& port, uint32_t* to, size_t words) {
    for (size_t n = 0; n < words; n++) to[n] = port[n];
}

struct Header {
    uint64_t beats_in, beats_out, words_in, words_out, timeout, reset, surplus, pattern;
};

enum Status : uint64_t { DONE, STANDSTILL, PROTOCOL, SURPLUS };

int main(int argc, char** argv) {
    Header h;
    if (argc != 3) return 2;
    FILE* in = std::fopen(argv[1], "rb");
    if (!in || std::fread(&h, sizeof h, 1, in) != 1) return 2;
    std::vector<uint8_t> stalls(2 * h.pattern);
    std::vector<uint32_t> beats(h.beats_in * h.words_in + 2);
    if (std::fread(stalls.data(), 1, stalls.size(), in) != stalls.size()) return 2;
    if (std::fread(beats.data(), 4, h.beats_in * h.words_in, in) != h.beats_in * h.words_in) return 2;
    std::fclose(in);

    VerilatedContext context;
    Vdut dut(&context, "");
    std::vector<int64_t> accepted, delivered;
    std::vector<uint32_t> outputs, now(h.words_out + 1), kept(h.words_out + 1);
    dut.clk = 0; dut.rst = 1; dut.iv = 0; dut.rdy = 0;
    dut.eval();
    for (uint64_t n = 0; n < h.reset; n++) {
        dut.clk = 1; dut.eval();
        dut.clk = 0; dut.eval();
    }
    dut.rst = 0;

    uint64_t cycle = 0, moved = 0, status = DONE;
    bool offering = false, held = false, done = !h.beats_in && !h.beats_out;
    while (cycle - moved < (done ? h.surplus : h.timeout)) {
        if (!offering && accepted.size() < h.beats_in && !stalls[cycle % h.pattern]) {
            offering = true;
            load(dut.ip, &beats[accepted.size() * h.words_in], h.words_in);
        }
        const bool ready = !stalls[h.pattern + cycle % h.pattern];
        dut.iv = offering;
        dut.rdy = ready;
        dut.eval();
        const bool valid = dut.ov;
        if (valid) store(dut.op, now.data(), h.words_out);
        if (held && (!valid || std::memcmp(now.data(), kept.data(), 4 * h.words_out))) { status = PROTOCOL; break; }
        held = valid && !ready;
        if (held) kept = now;
        if (valid && ready) {
            if (delivered.size() == h.beats_out) { status = SURPLUS; break; }
            outputs.insert(outputs.end(), now.begin(), now.begin() + h.words_out);
            delivered.push_back(cycle);
            moved = cycle;
        }
        if (offering && dut.ir) {
            accepted.push_back(cycle);
            offering = false;
            moved = cycle;
        }
        done = accepted.size() == h.beats_in && delivered.size() == h.beats_out;
        dut.clk = 1; dut.eval();
        dut.clk = 0;
        cycle++;
    }
    if (status == DONE && !done) status = STANDSTILL;
    dut.final();

    FILE* out = std::fopen(argv[2], "wb");
    if (!out) return 2;
    const uint64_t head[4] = {status, cycle, accepted.size(), delivered.size()};
    std::fwrite(head, sizeof head, 1, out);
    std::fwrite(accepted.data(), 8, accepted.size(), out);
    std::fwrite(delivered.data(), 8, delivered.size(), out);
    std::fwrite(outputs.data(), 4, outputs.size(), out);
    return std::fclose(out) ? 2 : 0;
}
