/* The mixer of the virtual USB interface: an external ALSA control plugin over a file of elements.
 *
 * Real libasound, real pyalsaaudio, real alsamixer and amixer. rig.py owns the file (struct element, mirrored there in
 * ctypes); what one program sets, every other one finds, as on a card.
 */
#define _GNU_SOURCE
#include <alsa/asoundlib.h>
#include <alsa/control_external.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SWITCH = 1, LEVEL = 2, CHOICE = 3 };

struct element {
	char name[44]; /* as the kernel has it: "Mic Capture Volume" */
	int32_t type, count, low, high;
	int32_t db_low, db_step; /* hundredths; db_step 0: it does not tell in dB */
	int32_t values[2];
	char items[4][16];
};

struct mixer {
	snd_ctl_ext_t ext;
	struct element *elements;
	size_t bytes;
	int count;
};

static struct mixer *of(snd_ctl_ext_t *ext) { return ext->private_data; }
static struct element *at(snd_ctl_ext_t *ext, snd_ctl_ext_key_t key) { return &of(ext)->elements[key]; }

static void mixer_close(snd_ctl_ext_t *ext)
{
	munmap(of(ext)->elements, of(ext)->bytes);
	free(of(ext));
}

static int elem_count(snd_ctl_ext_t *ext) { return of(ext)->count; }

static int elem_list(snd_ctl_ext_t *ext, unsigned int offset, snd_ctl_elem_id_t *id)
{
	if (offset >= (unsigned int)of(ext)->count)
		return -EINVAL;
	snd_ctl_elem_id_set_interface(id, SND_CTL_ELEM_IFACE_MIXER);
	snd_ctl_elem_id_set_name(id, at(ext, offset)->name);
	return 0;
}

static snd_ctl_ext_key_t find_elem(snd_ctl_ext_t *ext, const snd_ctl_elem_id_t *id)
{
	unsigned int numid = snd_ctl_elem_id_get_numid(id);
	if (numid > 0 && numid <= (unsigned int)of(ext)->count)
		return numid - 1;
	for (int i = 0; i < of(ext)->count; i++)
		if (!strcmp(at(ext, i)->name, snd_ctl_elem_id_get_name(id)))
			return i;
	return SND_CTL_EXT_KEY_NOT_FOUND;
}

static int get_attribute(snd_ctl_ext_t *ext, snd_ctl_ext_key_t key, int *type, unsigned int *acc, unsigned int *count)
{
	static const int types[] = {0, SND_CTL_ELEM_TYPE_BOOLEAN, SND_CTL_ELEM_TYPE_INTEGER, SND_CTL_ELEM_TYPE_ENUMERATED};
	struct element *e = at(ext, key);
	*type = types[e->type];
	*count = e->count;
	*acc = SND_CTL_EXT_ACCESS_READWRITE;
	if (e->db_step)
		*acc |= SND_CTL_EXT_ACCESS_TLV_READ | SND_CTL_EXT_ACCESS_TLV_CALLBACK;
	return 0;
}

static int get_integer_info(snd_ctl_ext_t *ext, snd_ctl_ext_key_t key, long *low, long *high, long *step)
{
	*low = at(ext, key)->low;
	*high = at(ext, key)->high;
	*step = 1;
	return 0;
}

static int get_enumerated_info(snd_ctl_ext_t *ext, snd_ctl_ext_key_t key, unsigned int *items)
{
	*items = at(ext, key)->high + 1;
	return 0;
}

static int get_enumerated_name(snd_ctl_ext_t *ext, snd_ctl_ext_key_t key, unsigned int item, char *name, size_t most)
{
	snprintf(name, most, "%s", at(ext, key)->items[item]);
	return 0;
}

static int read_integer(snd_ctl_ext_t *ext, snd_ctl_ext_key_t key, long *value)
{
	for (int c = 0; c < at(ext, key)->count; c++)
		value[c] = at(ext, key)->values[c];
	return 0;
}

static int write_integer(snd_ctl_ext_t *ext, snd_ctl_ext_key_t key, long *value)
{
	for (int c = 0; c < at(ext, key)->count; c++)
		at(ext, key)->values[c] = value[c];
	return 0; /* as the kernel: it has told the others, and pyalsaaudio takes 1 for a fault */
}

static int read_enumerated(snd_ctl_ext_t *ext, snd_ctl_ext_key_t key, unsigned int *items)
{
	items[0] = at(ext, key)->values[0];
	return 0;
}

static int write_enumerated(snd_ctl_ext_t *ext, snd_ctl_ext_key_t key, unsigned int *items)
{
	at(ext, key)->values[0] = items[0];
	return 0;
}

static int tlv(snd_ctl_ext_t *ext, snd_ctl_ext_key_t key, int op, unsigned int numid, unsigned int *data, unsigned int size)
{
	struct element *e = at(ext, key);
	(void)numid;
	if (op || !e->db_step || size < 16)
		return -ENXIO;
	data[0] = 1; /* SNDRV_CTL_TLVT_DB_SCALE */
	data[1] = 8;
	data[2] = e->db_low;
	data[3] = e->db_step;
	return 0;
}

static int read_event(snd_ctl_ext_t *ext, snd_ctl_elem_id_t *id, unsigned int *mask)
{
	(void)ext, (void)id, (void)mask;
	return -EAGAIN;
}

static const snd_ctl_ext_callback_t callbacks = {
	.close = mixer_close, .elem_count = elem_count, .elem_list = elem_list, .find_elem = find_elem,
	.get_attribute = get_attribute, .get_integer_info = get_integer_info,
	.get_enumerated_info = get_enumerated_info, .get_enumerated_name = get_enumerated_name,
	.read_integer = read_integer, .write_integer = write_integer,
	.read_enumerated = read_enumerated, .write_enumerated = write_enumerated, .read_event = read_event,
};

SND_CTL_PLUGIN_DEFINE_FUNC(hushbox_mixer)
{
	const char *path = NULL, *card = "Virtual USB";
	snd_config_t *entry;
	struct stat info;
	(void)root;
	if (snd_config_search(conf, "file", &entry) < 0 || snd_config_get_string(entry, &path) < 0)
		return -EINVAL;
	int fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -ENODEV;
	struct mixer *m = calloc(1, sizeof *m);
	if (!m || fstat(fd, &info) < 0 || info.st_size < (off_t)sizeof(struct element)) {
		close(fd);
		free(m);
		return -ENODEV;
	}
	m->bytes = info.st_size;
	m->count = m->bytes / sizeof(struct element);
	m->elements = mmap(NULL, m->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (m->elements == MAP_FAILED) {
		free(m);
		return -ENODEV;
	}
	m->ext.version = SND_CTL_EXT_VERSION;
	m->ext.card_idx = -1;
	snprintf(m->ext.id, sizeof m->ext.id, "Virtual");
	snprintf(m->ext.driver, sizeof m->ext.driver, "Hushbox");
	snprintf(m->ext.name, sizeof m->ext.name, "%s", card);
	snprintf(m->ext.longname, sizeof m->ext.longname, "%s", card);
	snprintf(m->ext.mixername, sizeof m->ext.mixername, "%s", card);
	m->ext.poll_fd = -1;
	m->ext.callback = &callbacks;
	m->ext.private_data = m;
	m->ext.tlv.c = tlv;
	int err = snd_ctl_ext_create(&m->ext, name, mode);
	if (err < 0) {
		mixer_close(&m->ext);
		return err;
	}
	*handlep = m->ext.handle;
	return 0;
}

SND_CTL_PLUGIN_SYMBOL(hushbox_mixer);
