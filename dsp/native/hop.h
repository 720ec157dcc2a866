/* What the files of this folder share: the state of each subject, and the functions that work on it.
 *
 * Each struct holds sizes and pointers into NumPy arrays that a Python class owns; module.c binds them once and checks
 * their lengths. Nothing here allocates. Spectra are complex64: real and imaginary part side by side.
 */
#ifndef HUSHBOX_HOP_H
#define HUSHBOX_HOP_H

#include <stddef.h>
#include <stdint.h>

/* On x86-64 the loader picks the AVX2 version where the machine has it. On aarch64 NEON is always there. */
#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__)
#define VECTORISED __attribute__((target_clones("arch=haswell", "default")))
#else
#define VECTORISED
#endif
#define INLINED static inline __attribute__((always_inline))

INLINED long smaller(long a, long b) { return a < b ? a : b; }
INLINED float larger_f(float a, float b) { return a > b ? a : b; }
INLINED double larger_d(double a, double b) { return a > b ? a : b; }
INLINED float smaller_f(float a, float b) { return a < b ? a : b; }

/* --- fft.c: the transform of real sound, of an even number of frames made of the factors 2, 3, 4, 5 --- */

struct transform {
    long frames, passes;
    const int32_t *radices;
    const float *twiddles; /* a pass after the other: for k = 1 .. radix - 1 cosines, then sines, of each p */
    const float *turns;    /* exp(-2 pi i k / frames) for k = 0 .. frames / 2: all real parts, then all imaginary parts */
    float *work;           /* four times frames / 2 */
};

long transform_twiddles(const struct transform *t);
void transform_forward(const struct transform *t, const float *wave, const float *window, float *spectrum);
/* Real parts are the even frames, imaginary parts the odd ones. They lie in `work`. */
struct halves { const float *even, *odd; };
struct halves transform_inverse(const struct transform *t, const float *spectrum);

/* --- blocks --- */

/* (frames, channels); steps in floats */
struct rows { float *at; long frames, channels, frame_step, channel_step; };

/* --- stft.c --- */

struct stft {
    long channels, hop;
    const struct transform *transform;
    const float *analysis, *synthesis;
    float *past, *spectrum, *tail, *out;
};

void stft_analyse(const struct stft *s, struct rows hop, long position);
void stft_synthesise(const struct stft *s, const float *spectrum);

/* --- bands.c: triangles over the bins above the low ones, each bin between two bands --- */

struct bands {
    long count, bins;
    const int32_t *first; /* bins from first[b] to first[b + 1] lie between bands b and b + 1 */
    const float *falling, *rising, *scale;
};

void bands_average(const struct bands *b, const float *restrict bins, float *restrict averages);
void bands_spread(const struct bands *b, const float *restrict gains, float *restrict bins);

/* --- denoise.c and mask.c --- */

#define TOLD_BANDS 5

struct denoise {
    long channels, bins, low_bins, taps, history_hops, fine_bins, fine_taps, past_hops, places, period;
    const struct bands *bands;
    const int32_t *delays, *fine_delays;
    const float *standstill, *cosines, *sines;
    float *mid, *power, *mean_power, *features, *still, *history, *past, *low, *level;
    const int32_t *told_edges; /* bins between which the mask's sums are taken */
    float *told;               /* (channels, 2, TOLD_BANDS): power heard, and kept by the mask */
};

void denoise_features(const struct denoise *d, const float *spectrum, long looked, float keep_room, float sensitivity);
double denoise_apply(const struct denoise *d, const float *mask, float *spectrum, long hop, long fine_hop, float dry,
                     float exponent);
double denoise_gains(const struct denoise *d, const float *mask, const float *spectrum, long hop, long fine_hop,
                     float dry, float exponent);

struct sides {
    long channels, bins, first_bin;
    float *signs;
    double *agreement, *level;
    float *mid;
};

void sides_mean(const struct sides *s, const float *spectrum, long row, double newest, double opposed);

/* --- stems.c --- */

struct stems {
    long channels, bins, low_bins, claimed;
    const struct bands *bands;
    float *power, *in_bins, *in_bands, *features, *shares, *gains;
};

double stems_features(const struct stems *s, const float *spectrum, const float *aligned, double level, double share);
void stems_masks(const struct stems *s, const float *mask);
void stems_mix(const struct stems *s, const float *spectrum, const float *levels, float *mixed, float *energy);

/* --- level.c --- */

long mend(struct rows block, float loudest);
float peak(struct rows block);
void meter(struct rows block, double *sums);
float tally(struct rows block, float *sums);
double limit(struct rows block, float ceiling, double reduction, double fall, float loudest);
float hold_under(struct rows wet, struct rows input, float bound, float rise);
int take_answer(const float *answer, float *mask, long count, float most);

/* --- rumble.c; all doubles, in the order of the arrays in dsp.restore.infrasonic --- */

struct rumble_rules {
    double newest, fall, hold_hops, patience_hops, fade_in, fade_out, faintest, too_much, sound_enough, obvious, forgiven;
    double detector[10], high_pass[5]; /* b0, b1, b2, a1, a2 of each */
};
struct rumble_levels { double energy, low, rest, loudest_rest, over, since, share, share_next; };
struct rumble {
    long channels, hop;
    const struct rumble_rules *rules;
    struct rumble_levels *levels;
    double *memory, *state; /* memory: four of each channel's detector; state: (2, channels) of the high-pass */
    float *sums, *rumble;
};

int rumble_follow(const struct rumble *s, struct rows block, long done);

/* --- hold.c: the ends of the live denoiser's hop, and how others stay under their input --- */

struct hold {
    long channels, hop, peaks_kept;
    float *exact; /* (2, hop, channels): this hop and the one before, by turns */
    float *peaks, *share;
};

enum { ALL_DRY, ALL_WET, CROSSFADE }; /* how the hop's exact and processed sound are blended */
long hold_begin(const struct hold *s, struct rows hop, long turn, long at, float loudest);
double hold_finish(const struct hold *s, struct rows wet, struct rows out, long turn, double rise, double quietest,
                   double reduction, double fall, float loudest, long blend);

/* --- fir.c --- */

struct fir {
    long channels, taps, length, most, fade;
    float *past, *both_taps, *rise, *wet; /* past: (channels, length); both_taps: (2, taps), by turns */
};

long fir_process(const struct fir *s, struct rows block, long end, long faded, long turn);

/* --- mix.c --- */

void clear(struct rows out);
void copy_rows(struct rows from, struct rows to);
void ring_write(float *ring, long size, long channels, long position, struct rows block);
void ring_read(const float *ring, long size, long channels, long position, struct rows out);
void ramp(float *values, long frames, double start, double step, long done);
void scale(struct rows block, const float *values);
void crossfade(struct rows wet, struct rows dry, const float *share);
void remember(float *past, long length, long position, struct rows block);
void pick(struct rows block, const int32_t *columns, struct rows out);
void gather(struct rows block, const int32_t *first, const int32_t *count, struct rows out);
void add_columns(struct rows sound, const int32_t *columns, long width, struct rows out, long mix);

/* --- wire.c --- */

struct wire {
    long bytes, device_channels, chosen; /* bytes: 2, 3 or 4 a sample */
    const int32_t *columns;
};

void wire_decode(const struct wire *w, const uint8_t *data, struct rows block);
void wire_encode(const struct wire *w, struct rows block, uint8_t *data);

/* --- biquads.c: dsp.parts.biquads --- */

struct section { double g, k, input, band, low; };
struct biquads {
    long sections, channels;
    struct section *now;          /* where each stands */
    const struct section *target; /* where it glides to */
    int32_t *left, *passed;       /* frames to glide; 1 for a section that is passed by */
    double *state;                /* (sections, channels, 2) */
};

void biquads_process(const struct biquads *s, struct rows block);
void section_run(const struct section *c, double *state, float *x, long step, long frames); /* one that stands still */

/* --- late.c --- */

#define MOST_DECAYS 8

struct late_rules { float present, band, learn, forget, peak_fall, fallen, most_share, knee, steepness; };
struct late {
    long channels, bins, past_hops, decays, bands;
    const int32_t *edges;        /* of the bands */
    const float *decay;          /* what is left of the power after a hop, for each decay time */
    const struct late_rules *rules;
    float *past, *level, *sums, *shares, *in_bands, *gains, *work, *told;
};

void late_follow(const struct late *s, const float *spectrum, long at, float floor);
/* --- dynamics.c; all doubles, in the order of the arrays in dsp.effects.compressor and .transient --- */

#define COMPRESSOR_GLIDING 6
#define COMPRESSOR_STEP 128
struct compressor {
    double left, now[COMPRESSOR_GLIDING], target[COMPRESSOR_GLIDING]; /* wet, threshold, slope, knee, make-up, its auto share */
    double attack, release, newest, smooth, quiet, gate, most, faintest;
    double risen, reduction, in, out, long_in, long_out, from, to, done;
};

void compress(struct rows block, struct rows key, struct compressor *s);

struct transient {
    double left, now[2], target[2]; /* attack, sustain */
    double quick, slow, falls_short, falls_long, ignored, attack_range, sustain_range, faintest;
    double short_now, quick_now, slow_now, long_fallen, long_now, gain;
};

void shape_transients(struct rows block, struct transient *s);

#define AUTOMIX_STEP 64
#define AUTOMIX_MOST 8
struct automix { /* dsp.effects.automix */
    double left, now, target, up, down, move, over, rise, fall, least, done;
    double energy[AUTOMIX_MOST], level[AUTOMIX_MOST], noise[AUTOMIX_MOST], share[AUTOMIX_MOST], from[AUTOMIX_MOST],
        to[AUTOMIX_MOST], voice[AUTOMIX_MOST];
};

void automix(struct rows block, struct automix *s);

/* --- true_peak.c; all doubles, in the order of the array in dsp.effects.true_peak --- */

enum { PEAK_BETWEEN = 3, PEAK_TAPS = 24, PEAK_SMOOTH = 23, PEAK_EARLY = 4, PEAK_STEP = 128, PEAK_HELD = 10 };
enum { PEAK_LATENCY = PEAK_TAPS / 2 + PEAK_SMOOTH - 1 + PEAK_EARLY, PEAK_HISTORY = PEAK_LATENCY + PEAK_TAPS };
struct true_peak {
    double left, ceiling, target, fall, margin, reduction, in_step, done, at, held[PEAK_HELD];
};
struct peak_arrays {
    const float *taps;    /* (3, 24): for the places between two samples, the newest sample first */
    const double *smooth; /* a triangle */
    float *past;          /* (channels, history and the longest block) */
    double *needs;        /* a triangle less one, and the longest block */
    long most;
    float most_rise, loudest;
};

void limit_true(struct rows block, const struct peak_arrays *a, struct true_peak *s);
/* --- leak.c; spectra: (partitions, columns, bins), a ring; weights: as large --- */

/* Partitions from `whole` on have their first `low` bins only. */
struct paths { long partitions, columns, bins, whole, low; const float *spectra, *weights; };
struct learner {
    long partitions, columns, bins, whole, low, bands;
    const struct transform *transform; /* of two steps */
    const float *spectra;
    float *weights, *unsure; /* unsure: of each weight, its expected square error */
    float *foreseen, *power; /* a value a bin, summed up */
    float *share, *error, *of_foreseen;
    const float *was;     /* what was heard in the step */
    float *wave, *taps;   /* two steps; a side each */
    float *by_bin;        /* rows of enum by_bin */
    double *sums;         /* error, heard; then both and foreseen, a band each */
    const int32_t *edges; /* of the bands, the end of the last one included */
};
enum by_bin { LEAK_VOICE, LEAK_NOISE, LEAK_HEARD, LEAK_MUSIC_MEAN, LEAK_GAP, LEAK_ROWS };
struct leak_rules { float voice_memory, gap_memory, faint; int believed; };
struct leak_head {
    long partitions, columns, bins, step;
    const struct transform *transform; /* of two blocks */
    const float *spectra, *weights;
    float *older, *all;         /* spectra of the sum */
    float *heard;               /* a step */
    const float *tail;          /* a step */
    float *leak;                /* a block */
    double *numbers;            /* lean; the last frame heard, and foreseen */
};
struct leak_music {
    long partitions, columns, bins, step;
    const struct transform *transform;
    float *spectra, *wave, *head_wave; /* two steps, two blocks; a side each */
    double *numbers;                   /* lean, and the last frame of each side */
};

void paths_sum(const struct paths *s, long first, long last, long newest, float *out);
void learner_foresee(const struct learner *s, long first, long last, long newest, float kept, float found);
void learner_learn(const struct learner *s, long first, long last, long newest);
void learner_judge(const struct learner *s, long newest, const struct leak_rules *rules);
void learner_weigh(const struct learner *s);
long learner_hold(const struct learner *s, long p);
void leak_head_foresee(const struct leak_head *s, const float *sound, long frames, long at, long newest);
void leak_music_take(const struct leak_music *s, struct rows music, long at, long newest);
float lean(float *values, long count, float kept, float last);

/* --- predict.c: dsp.restore.prediction --- */

#define MOST_ORDER 40

void predict_learn(const float *x, const float *window, long frames, long order, double floor, double *work, double *a);
void predict_errors(const float *x, const double *a, long order, long frames, float *e);
void predict_factor(const double *a, long order, double floor, const int32_t *at, long from, long count, double *band);
void predict_fill(const float *x, const double *a, long order, const int32_t *at, long count, const double *band,
                  double *told);

double period_of(const double *x, long frames, long first, long lags, double clear, double nearly, double *like);

/* --- declick.c: dsp.restore.declick --- */

struct declick_rules { double factor, edge, own_edge, calm, calm_after, left, bends, longer, growth, floor, faintest; };
struct declick {
    long channels, order, hop, past, ahead, peaks_kept, window_frames, learn_every, longest, after, rise, pause, margin, fills;
    const struct declick_rules *rules;
    const float *window;
    float *sound;                          /* a channel: past, hop and what is ahead of it */
    float *inlet, *outlet;                 /* (hop, channels) */
    float *peaks, *errors, *fresh, *kept;  /* peaks: of the errors of past hops, a channel after the other */
    double *a, *work, *band, *told, *tally; /* tally: energy taken, clicks mended */
    int32_t *at, *factored, *turn;
};

/* Return how many frames of a hop are known now. */
long declick_process(const struct declick *s, struct rows block, long done);

/* --- declip.c: dsp.restore.declip --- */

#define LOOKED 10 /* values that are known of a channel */
struct declip_rules {
    double threshold, even, grain, sharper, quietest, alike, beyond, full, near, highest, rise, floor;
};
struct declip {
    long channels, order, hop, past, ahead, window_frames, most;
    const struct declip_rules *rules;
    const float *window;
    float *sound, *inlet, *outlet; /* as of declick */
    double *a, *work, *band, *told, *looked;
    double *room;  /* the gain that makes room now, and what the hop before asks for */
    double *tally; /* energy added, frames rebuilt */
    int32_t *at;
};

long declip_process(const struct declip *s, struct rows block, long done);

/* --- pops.c; all doubles, in the order of the array in dsp.restore.pop_ear --- */

enum { POPS_STEP = 64, POPS_EARS = 4 }; /* below 100 Hz, below 35 Hz, the voice's band (two sections), above 1 kHz */
struct pops {
    double quick, slow, over_kept, voice_kept, click_kept, forgotten, tone_kept; /* in a step */
    double surge_over, again_over, tone_over, mid_over, loud, quietest, deep_enough, click_over, click_loud, let_go; /* power ratios */
    double longest, hold, rest, doubt;                                           /* steps */
    struct section sections[POPS_EARS + 1];
    double state[POPS_EARS + 1][2];
    double now, deep, over, before, voice, click, highs, surge, tone;
    double at, done, lasted, since, resting, sure, pops;
};

void pops_hear(struct pops *s, struct rows block, float *heard, double *past, long kept);

#endif
