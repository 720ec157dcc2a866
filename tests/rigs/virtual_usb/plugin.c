/* A virtual USB audio interface for the tests: an ALSA ioplug with a real-time clock.
 *
 * Real libasound, real pyalsaaudio, no kernel driver. Capture plays a file of int32 frames, playback is recorded to
 * one at the position of the device's clock, so that whatever was not written in time stays silence. Both directions
 * share that clock. rig.py owns the control file (struct control, mirrored there in ctypes) and commands the faults.
 */
#include "device.h"

/* Wake poll() when a period can be transferred. timerfd_settime also clears an earlier expiry. */
static void arm(struct stream *s)
{
	struct control *c = s->control;
	struct itimerspec when = {0};
	int64_t now = host_now(), at = now + RECHECK_NS;
	enum gone gone = gone_now(s);
	if (gone == GONE_SILENT)
		at = now + RECHECK_NS;
	else if (gone || (!s->running && !is_capture(s)))
		at = now;
	else if (s->running && c->speed > 0 && now >= c->stall_until_ns) {
		int64_t frames = s->done + (int64_t)s->avail_min - (is_capture(s) ? 0 : (int64_t)s->io.buffer_size);
		int64_t device = s->start_ns + (frames * NS + s->io.rate - 1) / (int64_t)s->io.rate;
		at = c->base_host_ns + (int64_t)((double)(device - c->base_device_ns) / c->speed) + 1000;
	}
	if (at < 1)
		at = 1;
	when.it_value.tv_sec = at / NS;
	when.it_value.tv_nsec = at % NS;
	timerfd_settime(s->io.poll_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

/* What was written but not played when the stream stops was never heard: silence in the recording. */
static void halt(struct stream *s)
{
	if (!s->running)
		return;
	s->running = 0;
	int64_t played = true_frames(s), lost = s->done - played;
	if (is_capture(s) || lost <= 0)
		return;
	memset(s->scratch, 0, s->io.buffer_size * s->io.channels * 4);
	if (lost > (int64_t)s->io.buffer_size)
		lost = s->io.buffer_size;
	size_t frame = s->io.channels * 4;
	if (pwrite(s->file_fd, s->scratch, lost * frame, (s->file_base + s->done - lost) * frame) < 0)
		SNDERR("recording: %s", strerror(errno));
}

static int usb_start(snd_pcm_ioplug_t *io)
{
	struct stream *s = io->private_data;
	int err = gone_error(gone_now(s));
	if (err < 0)
		return err;
	s->start_ns = device_now(s->control);
	if (s->side->origin_ns < 0)
		s->side->origin_ns = s->start_ns;
	s->file_base = ((s->start_ns - s->side->origin_ns) * (int64_t)io->rate + NS / 2) / NS;
	s->side->start_ns = s->start_ns;
	s->side->start_frame = s->file_base;
	if (!is_capture(s) && s->done > 0) { /* the prefill was transferred before its place was known */
		int32_t *early = s->scratch;
		size_t frame = io->channels * 4;
		if (pwrite(s->file_fd, early, s->done * frame, s->file_base * frame) < 0)
			return -EIO;
	}
	s->running = 1;
	s->side->starts++;
	arm(s);
	return 0;
}

static int usb_stop(snd_pcm_ioplug_t *io)
{
	struct stream *s = io->private_data;
	/* A first start that is taken back before anything was played never was: the box tries again when it was held up. */
	struct side *out = &s->control->side[SND_PCM_STREAM_PLAYBACK];
	int untouched = s->running && s->side->starts == 1 && out->starts == 1 && out->frames <= out->buffer_frames;
	halt(s);
	if (untouched) {
		s->side->origin_ns = -1;
		s->side->starts = 0;
		s->side->frames -= s->done;
		s->side->last_frame = 0;
	}
	return 0;
}

static snd_pcm_sframes_t usb_pointer(snd_pcm_ioplug_t *io)
{
	struct stream *s = io->private_data;
	enum gone gone = gone_now(s);
	if (gone && gone != GONE_SILENT)
		halt(s);
	if (gone == GONE_ENODEV)
		snd_pcm_ioplug_set_state(io, SND_PCM_STATE_DISCONNECTED);
	else if (gone == GONE_EBADFD)
		snd_pcm_ioplug_set_state(io, SND_PCM_STATE_OPEN);
	else if (gone == GONE_EIO) /* let the transfer happen: it fails */
		s->hw = is_capture(s) ? s->done + 1 : s->done;
	else if (gone == GONE_EPIPE)
		return -EPIPE;
	if (gone || !s->running)
		return s->hw % (int64_t)io->buffer_size;
	int64_t hw = clock_frames(s);
	if (s->xruns_seen != s->side->xrun_requests || available(s, hw) >= (int64_t)io->buffer_size) {
		s->xruns_seen = s->side->xrun_requests;
		s->side->xruns++;
		halt(s);
		return -EPIPE;
	}
	if (hw > s->hw)
		s->hw = hw;
	return s->hw % (int64_t)io->buffer_size;
}

static void pack(const int32_t *from, unsigned char *to, snd_pcm_format_t format)
{
	if (format == SND_PCM_FORMAT_S16_LE)
		memcpy(to, (const char *)from + 2, 2);
	else if (format == SND_PCM_FORMAT_S24_3LE)
		memcpy(to, (const char *)from + 1, 3);
	else
		memcpy(to, from, 4);
}

static void unpack(const unsigned char *from, int32_t *to, snd_pcm_format_t format)
{
	*to = 0;
	if (format == SND_PCM_FORMAT_S16_LE)
		memcpy((char *)to + 2, from, 2);
	else if (format == SND_PCM_FORMAT_S24_3LE)
		memcpy((char *)to + 1, from, 3);
	else
		memcpy(to, from, 4);
}

static snd_pcm_sframes_t usb_transfer(snd_pcm_ioplug_t *io, const snd_pcm_channel_area_t *areas,
				      snd_pcm_uframes_t offset, snd_pcm_uframes_t size)
{
	struct stream *s = io->private_data;
	unsigned int channels = io->channels;
	int32_t zero[64] = {0};
	wait_while_jammed(s->control);
	int err = gone_error(gone_now(s));
	if (err < 0) {
		if (err == -EIO)
			snd_pcm_ioplug_set_state(io, SND_PCM_STATE_DISCONNECTED);
		return err;
	}
	if (size > io->buffer_size)
		size = io->buffer_size;
	/* Before the start the prefill gathers in scratch; usb_start() puts it in its place. */
	int32_t *line = s->scratch + (!is_capture(s) && !s->running ? s->done * channels : 0);
	for (snd_pcm_uframes_t i = 0; i < size; i++) {
		int64_t frame = s->file_base + s->done + (int64_t)i;
		if (s->control->loop && s->source_frames)
			frame %= s->source_frames;
		const int32_t *from = frame < s->source_frames ? s->source + frame * s->side->channels_max : zero;
		int32_t looped[64];
		if (is_capture(s) && s->control->cable) {
			hear_cable(s, s->done + (int64_t)i, looped);
			from = looped;
		}
		for (unsigned int c = 0; c < channels; c++) {
			unsigned char *sample = (unsigned char *)areas[c].addr +
						(areas[c].first + areas[c].step * (offset + i)) / 8;
			if (is_capture(s))
				pack(from + c, sample, io->format);
			else
				unpack(sample, line + i * channels + c, io->format);
		}
	}
	if (!is_capture(s) && s->running) {
		size_t frame = channels * 4;
		if (pwrite(s->file_fd, line, size * frame, (s->file_base + s->done) * frame) < 0)
			return -EIO;
	}
	s->done += size;
	s->side->frames += size;
	s->side->last_frame = s->file_base + s->done;
	arm(s);
	return size;
}

static int usb_prepare(snd_pcm_ioplug_t *io)
{
	struct stream *s = io->private_data;
	int err = gone_error(gone_now(s));
	halt(s);
	s->hw = s->done = 0;
	s->xruns_seen = s->side->xrun_requests;
	arm(s);
	return err;
}

static int usb_hw_params(snd_pcm_ioplug_t *io, snd_pcm_hw_params_t *params)
{
	struct stream *s = io->private_data;
	(void)params;
	free(s->scratch);
	s->scratch = calloc(io->buffer_size * io->channels, 4);
	s->avail_min = io->period_size;
	s->side->rate_hz = io->rate;
	s->side->channels = io->channels;
	s->side->period_frames = io->period_size;
	s->side->buffer_frames = io->buffer_size;
	s->side->format = io->format;
	return s->scratch ? 0 : -ENOMEM;
}

static int usb_sw_params(snd_pcm_ioplug_t *io, snd_pcm_sw_params_t *params)
{
	struct stream *s = io->private_data;
	return snd_pcm_sw_params_get_avail_min(params, &s->avail_min);
}

static int usb_poll_revents(snd_pcm_ioplug_t *io, struct pollfd *pfd, unsigned int nfds, unsigned short *revents)
{
	struct stream *s = io->private_data;
	enum gone gone = gone_now(s);
	unsigned short ready = is_capture(s) ? POLLIN : POLLOUT;
	(void)nfds;
	*revents = 0;
	if (!(pfd->revents & POLLIN))
		return 0;
	if (gone && gone != GONE_SILENT)
		*revents = ready | POLLERR | POLLHUP;
	else if (!gone && io->state == SND_PCM_STATE_XRUN)
		*revents = ready | POLLERR; /* as the kernel does */
	else if (!gone && s->running && s->xruns_seen != s->side->xrun_requests)
		*revents = ready | POLLERR;
	else if (!gone && available(s, s->running ? clock_frames(s) : s->hw) >= (int64_t)s->avail_min)
		*revents = ready;
	else
		arm(s);
	return 0;
}

static int usb_close(snd_pcm_ioplug_t *io)
{
	struct stream *s = io->private_data;
	halt(s);
	if (s->source)
		munmap((void *)s->source, s->source_bytes);
	munmap(s->control, sizeof(struct control));
	close(s->io.poll_fd);
	close(s->file_fd);
	close(s->lock_fd);
	close(s->cable_fd);
	free(s->scratch);
	free(s);
	return 0;
}

static const snd_pcm_ioplug_callback_t callbacks = {
	.start = usb_start, .stop = usb_stop, .pointer = usb_pointer, .transfer = usb_transfer, .close = usb_close,
	.hw_params = usb_hw_params, .sw_params = usb_sw_params, .prepare = usb_prepare,
	.poll_revents = usb_poll_revents,
};

/* Only what this interface can do: libasound then refuses or rounds the rest, as it does for hardware. */
static int constrain(struct stream *s)
{
	struct control *c = s->control;
	static const unsigned int access[] = {SND_PCM_ACCESS_RW_INTERLEAVED};
	static const unsigned int known[] = {SND_PCM_FORMAT_S16_LE, SND_PCM_FORMAT_S24_3LE, SND_PCM_FORMAT_S32_LE};
	unsigned int formats[3], bytes[16 * 8 * 3], n_formats = 0, n_bytes = 0, n_rates = 0;
	for (int i = 0; i < 3; i++) {
		if (!(c->formats & (1u << i)))
			continue;
		formats[n_formats++] = known[i];
		for (int p = 0; p < 16 && c->periods_frames[p]; p++)
			for (unsigned int ch = s->side->channels_min; ch <= s->side->channels_max; ch++)
				bytes[n_bytes++] = c->periods_frames[p] * ch * (i + 2);
	}
	while (n_rates < 8 && c->rates[n_rates])
		n_rates++;
	int err = snd_pcm_ioplug_set_param_list(&s->io, SND_PCM_IOPLUG_HW_ACCESS, 1, access);
	err = err < 0 ? err : snd_pcm_ioplug_set_param_list(&s->io, SND_PCM_IOPLUG_HW_FORMAT, n_formats, formats);
	err = err < 0 ? err : snd_pcm_ioplug_set_param_list(&s->io, SND_PCM_IOPLUG_HW_RATE, n_rates, c->rates);
	err = err < 0 ? err : snd_pcm_ioplug_set_param_list(&s->io, SND_PCM_IOPLUG_HW_PERIOD_BYTES, n_bytes, bytes);
	err = err < 0 ? err : snd_pcm_ioplug_set_param_minmax(&s->io, SND_PCM_IOPLUG_HW_CHANNELS,
							       s->side->channels_min, s->side->channels_max);
	return err < 0 ? err : snd_pcm_ioplug_set_param_minmax(&s->io, SND_PCM_IOPLUG_HW_PERIODS,
								c->periods_min, c->periods_max);
}

static int open_in(const char *folder, const char *file, int flags)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/%s", folder, file);
	int fd = open(path, flags | O_CLOEXEC, 0644);
	return fd < 0 ? -errno : fd;
}

SND_PCM_PLUGIN_DEFINE_FUNC(hushbox_usb)
{
	const char *folder = NULL;
	int capture = stream == SND_PCM_STREAM_CAPTURE, err, fd;
	(void)root;
	snd_config_t *entry;
	if (snd_config_search(conf, "folder", &entry) < 0 || snd_config_get_string(entry, &folder) < 0)
		return -EINVAL;
	struct stream *s = calloc(1, sizeof *s);
	if (!s)
		return -ENOMEM;
	if ((fd = open_in(folder, "control", O_RDWR)) < 0) {
		free(s);
		return -ENODEV;
	}
	s->control = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (s->control == MAP_FAILED) {
		free(s);
		return -ENODEV;
	}
	wait_while_jammed(s->control);
	s->side = &s->control->side[stream];
	s->generation = s->control->generation;
	s->lock_fd = open_in(folder, capture ? "capture.lock" : "playback.lock", O_RDWR | O_CREAT);
	s->file_fd = open_in(folder, capture ? "capture.s32" : "playback.s32", O_RDWR | O_CREAT);
	s->cable_fd = capture ? open_in(folder, "playback.s32", O_RDONLY | O_CREAT) : -1;
	s->io.poll_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	err = s->control->gone ? -ENODEV : flock(s->lock_fd, LOCK_EX | LOCK_NB) < 0 ? -EBUSY : 0;
	if (!err && capture) {
		s->source_bytes = lseek(s->file_fd, 0, SEEK_END);
		s->source_frames = s->source_bytes / (4 * s->side->channels_max);
		if (s->source_frames) {
			s->source = mmap(NULL, s->source_bytes, PROT_READ, MAP_SHARED, s->file_fd, 0);
			if (s->source == MAP_FAILED) {
				s->source = NULL;
				err = -ENOMEM;
			}
		}
	}
	s->io.version = SND_PCM_IOPLUG_VERSION;
	s->io.name = "Hushbox virtual USB interface";
	s->io.flags = SND_PCM_IOPLUG_FLAG_MONOTONIC;
	s->io.poll_events = POLLIN; /* a timerfd is only ever readable; poll_revents translates */
	s->io.callback = &callbacks;
	s->io.private_data = s;
	if (!err)
		err = snd_pcm_ioplug_create(&s->io, name, stream, mode);
	if (err < 0) {
		usb_close(&s->io);
		return err;
	}
	s->side->opens++;
	if ((err = constrain(s)) < 0) {
		snd_pcm_ioplug_delete(&s->io);
		return err;
	}
	*pcmp = s->io.pcm;
	return 0;
}

SND_PCM_PLUGIN_SYMBOL(hushbox_usb);
