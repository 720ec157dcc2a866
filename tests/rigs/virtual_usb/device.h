/* The device behind the plug-in: what rig.py commands, its clock, how it goes, and the cable from outputs to inputs. */
#pragma once
#define _GNU_SOURCE
#include <alsa/asoundlib.h>
#include <alsa/pcm_external.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define NS 1000000000LL
#define RECHECK_NS 5000000LL /* while the clock stands still, look again after this long */

enum gone { PRESENT, GONE_ENODEV, GONE_EBADFD, GONE_EIO, GONE_EPIPE, GONE_SILENT };
enum { FORMAT_S16 = 1, FORMAT_S24_3 = 2, FORMAT_S32 = 4 };

struct side { /* one direction; index is snd_pcm_stream_t: 0 playback, 1 capture */
	uint32_t channels_min, channels_max;         /* rig -> plugin */
	uint32_t xrun_requests;                      /* rig -> plugin, counts up */
	uint32_t opens, starts, xruns;               /* plugin -> rig, count up */
	uint32_t rate_hz, channels, period_frames, buffer_frames, format; /* plugin -> rig: last hw_params */
	uint32_t padding;
	int64_t origin_ns;                           /* device time of the very first start, -1 before */
	int64_t frames;                              /* transferred since the rig was made */
	int64_t last_frame;                          /* one past the last frame recorded or captured, from the origin */
	int64_t start_ns, start_frame;               /* device time of the newest start, and its frame in the file */
};

struct control {
	uint32_t clock_seq;                          /* odd while rig.py changes the clock */
	uint32_t gone;                               /* enum gone; 0: plugged in */
	uint32_t generation;                         /* goes up at each re-plug: older handles stay dead */
	uint32_t last_gone;                          /* how those died */
	int64_t base_host_ns, base_device_ns;        /* CLOCK_MONOTONIC and device time, at one moment */
	double speed;                                /* 1.0 + ppm * 1e-6; 0 while hung */
	int64_t stall_from_ns, stall_until_ns;       /* host time in which no progress is reported */
	uint32_t formats;                            /* FORMAT_* bits */
	uint32_t loop;                               /* capture begins anew at the end of its file */
	uint32_t rates[8], periods_frames[16];       /* 0 ends a list */
	uint32_t periods_min, periods_max;
	uint32_t patient;                            /* wait for a late application: xruns only on command */
	uint32_t cable;                              /* 1: the outputs are looped into the inputs */
	struct side side[2];
	int64_t cable_frames;                        /* how much later than it was played sound is recorded then */
	double cable_gain, cable_noise;              /* noise: its peak, beside what the cable brings */
	uint32_t jammed;                             /* calls do not return, as with a driver that hangs */
	uint32_t padding;
};

struct stream {
	snd_pcm_ioplug_t io;
	struct control *control;
	struct side *side;
	int lock_fd, file_fd, cable_fd; /* cable_fd: what is played, for capture */
	const int32_t *source; /* capture: the mapped file */
	int64_t source_frames, source_bytes;
	int32_t *scratch;
	uint32_t generation, xruns_seen;
	int running;
	uint64_t random;
	int64_t start_ns, file_base; /* device time of this start, and its frame in the file */
	int64_t hw, done;            /* frames of the clock and of the application since prepare */
	snd_pcm_uframes_t avail_min;
};

static void wait_while_jammed(struct control *c)
{
	while (__atomic_load_n(&c->jammed, __ATOMIC_RELAXED))
		usleep(2000);
}

static int64_t host_now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * NS + t.tv_nsec;
}

static int64_t device_now(struct control *c)
{
	for (;;) {
		uint32_t seq = __atomic_load_n(&c->clock_seq, __ATOMIC_ACQUIRE);
		int64_t now = host_now();
		if (now >= c->stall_from_ns && now < c->stall_until_ns)
			now = c->stall_from_ns;
		int64_t device = c->base_device_ns + (int64_t)((double)(now - c->base_host_ns) * c->speed);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (!(seq & 1) && seq == __atomic_load_n(&c->clock_seq, __ATOMIC_RELAXED))
			return device;
	}
}

static enum gone gone_now(struct stream *s)
{
	if (s->generation != s->control->generation)
		return s->control->last_gone;
	return s->control->gone;
}

static int gone_error(enum gone gone)
{
	switch (gone) {
	case GONE_ENODEV: return -ENODEV;
	case GONE_EBADFD: return -EBADFD;
	case GONE_EIO: return -EIO;
	default: return 0;
	}
}

static int is_capture(struct stream *s) { return s->io.stream == SND_PCM_STREAM_CAPTURE; }

/* Where in what is played frame 0 of this capture's start stands. */
static int64_t cable_offset(struct stream *s)
{
	struct side *out = &s->control->side[SND_PCM_STREAM_PLAYBACK];
	double apart = (double)(s->start_ns - out->start_ns) * s->io.rate / NS;
	return out->start_frame + (int64_t)(apart + (apart < 0 ? -0.5 : 0.5)) - s->control->cable_frames;
}

/* What the cable brings at `frame` since this start: the outputs' sound, as loud as the cable makes it. */
static void hear_cable(struct stream *s, int64_t frame, int32_t *into)
{
	struct side *out = &s->control->side[SND_PCM_STREAM_PLAYBACK];
	int32_t played[64] = {0};
	size_t size = out->channels * 4;
	int64_t at = cable_offset(s) + frame;
	if (!out->channels || at < out->start_frame || pread(s->cable_fd, played, size, at * size) != (ssize_t)size)
		memset(played, 0, sizeof played);
	for (unsigned int c = 0; c < s->io.channels; c++) {
		double v = c < out->channels ? played[c] * s->control->cable_gain : 0;
		s->random = s->random * 6364136223846793005u + 1442695040888963407u;
		v += s->control->cable_noise * (int32_t)(s->random >> 32);
		into[c] = v > INT32_MAX ? INT32_MAX : v < INT32_MIN ? INT32_MIN : (int32_t)v;
	}
}

static int64_t true_frames(struct stream *s)
{
	return (device_now(s->control) - s->start_ns) * (int64_t)s->io.rate / NS;
}

/* The clock's frames as the application sees them: a patient device never runs away from it. */
static int64_t clock_frames(struct stream *s)
{
	int64_t frames = true_frames(s);
	if (s->control->patient) {
		int64_t most = s->done - 1 + (is_capture(s) ? (int64_t)s->io.buffer_size : 0);
		return frames < most ? frames : most;
	}
	return frames;
}

/* Frames the application may read or write at the clock position hw. */
static int64_t available(struct stream *s, int64_t hw)
{
	return is_capture(s) ? hw - s->done : (int64_t)s->io.buffer_size - (s->done - hw);
}
