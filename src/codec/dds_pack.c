/* dds_pack.c: pictures into blocks of 4 × 4 pixels: two colours and a way between them for each pixel.
 *
 * The two ends are the extremes along the direction in which the block's colours differ most (a few steps of power
 * iteration on their covariance), then once moved to where the chosen indices fit best (least squares). That is what
 * the better quick compressors do; menus are built once, so a little care costs nothing. */
#include <math.h>
#include <string.h>

#include "codec/dds_block.h"
#include "codec/little.h"

typedef struct ends {
    float a[3], b[3];
} ends;

static void principal(const uint8_t px[16][4], float mean[3], float axis[3]) {
    float cov[6] = {0};
    memset(mean, 0, 3 * sizeof *mean);
    for (int i = 0; i < 16; i++)
        for (int k = 0; k < 3; k++) mean[k] += px[i][k] / 16.0f;
    for (int i = 0; i < 16; i++) {
        float r = px[i][0] - mean[0], g = px[i][1] - mean[1], b = px[i][2] - mean[2];
        cov[0] += r * r, cov[1] += r * g, cov[2] += r * b, cov[3] += g * g, cov[4] += g * b, cov[5] += b * b;
    }
    axis[0] = cov[0] + cov[1] + cov[2] + 1e-3f, axis[1] = cov[1] + cov[3] + cov[4] + 1e-3f;
    axis[2] = cov[2] + cov[4] + cov[5] + 1e-3f;
    for (int step = 0; step < 8; step++) {
        float v[3] = {cov[0] * axis[0] + cov[1] * axis[1] + cov[2] * axis[2],
                      cov[1] * axis[0] + cov[3] * axis[1] + cov[4] * axis[2],
                      cov[2] * axis[0] + cov[4] * axis[1] + cov[5] * axis[2]};
        float n = sqrtf(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
        if (n < 1e-6f) return;
        for (int k = 0; k < 3; k++) axis[k] = v[k] / n;
    }
}

static void extremes(const uint8_t px[16][4], ends *e) {
    float mean[3], axis[3], low = 0, high = 0;
    principal(px, mean, axis);
    for (int i = 0; i < 16; i++) {
        float t = 0;
        for (int k = 0; k < 3; k++) t += (px[i][k] - mean[k]) * axis[k];
        if (t < low) low = t;
        if (t > high) high = t;
    }
    for (int k = 0; k < 3; k++) e->a[k] = mean[k] + high * axis[k], e->b[k] = mean[k] + low * axis[k];
}

static uint16_t round_565(const float c[3]) {
    static const float top[3] = {31, 63, 31};
    unsigned v[3];
    for (int k = 0; k < 3; k++) {
        float t = c[k] * top[k] / 255.0f + 0.5f;
        v[k] = t < 0 ? 0 : t > top[k] ? (unsigned)top[k] : (unsigned)t;
    }
    return (uint16_t)(v[0] << 11 | v[1] << 5 | v[2]);
}

static void spread_565(uint16_t v, int c[3]) {
    int r = v >> 11, g = v >> 5 & 63, b = v & 31;
    c[0] = r << 3 | r >> 2, c[1] = g << 2 | g >> 4, c[2] = b << 3 | b >> 2;
}

/* The nearest of the four colours for each pixel; returns the sum of squared errors. */
static long choose(const uint8_t px[16][4], uint16_t a, uint16_t b, uint8_t index[16]) {
    int colours[4][3];
    long sum = 0;
    spread_565(a, colours[0]), spread_565(b, colours[1]);
    for (int k = 0; k < 3; k++) {
        colours[2][k] = (2 * colours[0][k] + colours[1][k]) / 3;
        colours[3][k] = (colours[0][k] + 2 * colours[1][k]) / 3;
    }
    for (int i = 0; i < 16; i++) {
        long best = -1;
        for (uint8_t c = 0; c < 4; c++) {
            long error = 0;
            for (int k = 0; k < 3; k++) error += (px[i][k] - colours[c][k]) * (px[i][k] - colours[c][k]);
            if (best < 0 || error < best) best = error, index[i] = c;
        }
        sum += best;
    }
    return sum;
}

/* The ends for which these indices leave the least error. false where they say nothing about one end. */
static bool refit(const uint8_t px[16][4], const uint8_t index[16], ends *e) {
    static const float weight[4] = {1, 0, 2 / 3.0f, 1 / 3.0f};
    float aa = 0, ab = 0, bb = 0, ax[3] = {0}, bx[3] = {0};
    for (int i = 0; i < 16; i++) {
        float w = weight[index[i]], u = 1 - w;
        aa += w * w, ab += w * u, bb += u * u;
        for (int k = 0; k < 3; k++) ax[k] += w * px[i][k], bx[k] += u * px[i][k];
    }
    float det = aa * bb - ab * ab;
    if (fabsf(det) < 1e-4f) return false;
    for (int k = 0; k < 3; k++) e->a[k] = (ax[k] * bb - bx[k] * ab) / det, e->b[k] = (bx[k] * aa - ax[k] * ab) / det;
    return true;
}

static void pack_colour(const uint8_t px[16][4], uint8_t out[8]) {
    ends e;
    uint8_t index[16], other[16];
    extremes(px, &e);
    uint16_t a = round_565(e.a), b = round_565(e.b);
    long error = choose(px, a, b, index);
    if (error && refit(px, index, &e)) {
        uint16_t c = round_565(e.a), d = round_565(e.b);
        if (choose(px, c, d, other) < error) a = c, b = d, memcpy(index, other, sizeof index);
    }
    static const uint8_t turned[4] = {1, 0, 3, 2};
    bool turn = a < b; /* the larger number first means four colours */
    uint32_t bits = 0;
    for (int i = 0; i < 16; i++) bits |= (uint32_t)(a == b ? 0 : turn ? turned[index[i]] : index[i]) << (2 * i);
    little_save_u16(out, turn ? b : a);
    little_save_u16(out + 2, turn ? a : b);
    little_save_u32(out + 4, bits);
}

/* Eight steps between the greatest and the least alpha. */
static void pack_alpha(const uint8_t px[16][4], uint8_t out[8]) {
    int high = 0, low = 255;
    for (int i = 0; i < 16; i++) {
        if (px[i][3] > high) high = px[i][3];
        if (px[i][3] < low) low = px[i][3];
    }
    uint64_t bits = 0;
    for (int i = 0; i < 16 && high > low; i++) {
        int step = ((high - px[i][3]) * 7 + (high - low) / 2) / (high - low); /* 0 = high … 7 = low */
        uint64_t index = step == 0 ? 0 : step == 7 ? 1 : (uint64_t)step + 1;
        bits |= index << (3 * i);
    }
    out[0] = (uint8_t)high, out[1] = (uint8_t)low;
    for (int k = 0; k < 6; k++) out[2 + k] = (uint8_t)(bits >> (8 * k));
}

int dds_pack(const dds_image *i, const uint8_t *rgba, buf *out, fault *f) {
    if (i->format == DDS_ARGB) return fault_set(f, E_ARGUMENT, "pictures are written as DXT1 or DXT5");
    int code = dds_head(i, out, f);
    if (code < 0) return code;
    for (uint32_t y = 0; y < i->height; y += 4)
        for (uint32_t x = 0; x < i->width; x += 4) {
            uint8_t px[16][4], block[16];
            for (uint32_t row = 0; row < 4; row++)
                memcpy(px[4 * row], rgba + ((size_t)(y + row) * i->width + x) * 4, 16);
            pack_alpha(px, block);
            pack_colour(px, block + 8);
            if (i->format == DDS_DXT5)
                buf_put(out, block, 16);
            else
                buf_put(out, block + 8, 8);
        }
    return out->failed ? fault_set(f, E_MEMORY, "out of memory for an image") : 0;
}
