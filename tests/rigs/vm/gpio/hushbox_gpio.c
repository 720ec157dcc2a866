// SPDX-License-Identifier: GPL-2.0
/*
 * A GPIO chip that exists only in the kernel: a real /dev/gpiochip for tests on kernels without gpio-sim.
 *
 * Each line reads what was last written to /proc/hushbox_gpio ("17 0": line 17 goes low), with edge events as a real
 * chip sends them; lines that a program drives show there as "27 1". Never shipped, only loaded in the test machine.
 */
#include <linux/gpio/driver.h>
#include <linux/interrupt.h>
#include <linux/irqdomain.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>

#define LINES 54 /* as many as the header's chip of a Raspberry Pi has */

static bool level[LINES];
static bool driven[LINES];
static bool edges[LINES];
static struct gpio_chip chip;

static int get_direction(struct gpio_chip *c, unsigned int line)
{
	return driven[line] ? GPIO_LINE_DIRECTION_OUT : GPIO_LINE_DIRECTION_IN;
}

static int direction_input(struct gpio_chip *c, unsigned int line)
{
	driven[line] = false;
	return 0;
}

static int direction_output(struct gpio_chip *c, unsigned int line, int value)
{
	driven[line] = true;
	level[line] = value;
	return 0;
}

static int get(struct gpio_chip *c, unsigned int line) { return level[line]; }

static void set(struct gpio_chip *c, unsigned int line, int value) { level[line] = value; }

/* Pull-up and pull-down move an input that nobody drives. */
static int set_config(struct gpio_chip *c, unsigned int line, unsigned long config)
{
	switch (pinconf_to_config_param(config)) {
	case PIN_CONFIG_BIAS_PULL_UP:
		level[line] = true;
		return 0;
	case PIN_CONFIG_BIAS_PULL_DOWN:
		level[line] = false;
		return 0;
	case PIN_CONFIG_BIAS_DISABLE:
		return 0;
	default:
		return -ENOTSUPP;
	}
}

static void irq_mask(struct irq_data *d)
{
	edges[irqd_to_hwirq(d)] = false;
	gpiochip_disable_irq(&chip, irqd_to_hwirq(d));
}

static void irq_unmask(struct irq_data *d)
{
	gpiochip_enable_irq(&chip, irqd_to_hwirq(d));
	edges[irqd_to_hwirq(d)] = true;
}

static int irq_set_type(struct irq_data *d, unsigned int type) { return 0; } /* the reader sorts the edges out */

static const struct irq_chip irqs = {
	.name = "hushbox-gpio",
	.irq_mask = irq_mask,
	.irq_unmask = irq_unmask,
	.irq_set_type = irq_set_type,
	.flags = IRQCHIP_IMMUTABLE,
	GPIOCHIP_IRQ_RESOURCE_HELPERS,
};

static ssize_t command(struct file *file, const char __user *text, size_t size, loff_t *at)
{
	char words[32] = {};
	unsigned int line, value;

	if (size >= sizeof(words) || copy_from_user(words, text, size))
		return -EINVAL;
	if (sscanf(words, "%u %u", &line, &value) != 2 || line >= LINES || value > 1 || driven[line])
		return -EINVAL;
	if (level[line] != value) {
		level[line] = value;
		if (edges[line])
			generic_handle_irq_safe(irq_find_mapping(chip.irq.domain, line));
	}
	return size;
}

static int show(struct seq_file *out, void *unused)
{
	unsigned int line;

	for (line = 0; line < LINES; line++)
		if (driven[line])
			seq_printf(out, "%u %u\n", line, level[line]);
	return 0;
}

static int open_show(struct inode *inode, struct file *file) { return single_open(file, show, NULL); }

static const struct proc_ops commands = {
	.proc_open = open_show,
	.proc_read = seq_read,
	.proc_lseek = seq_lseek,
	.proc_release = single_release,
	.proc_write = command,
};

static struct platform_device *device;

static int __init start(void)
{
	int error;

	device = platform_device_register_simple("hushbox-gpio", PLATFORM_DEVID_NONE, NULL, 0);
	if (IS_ERR(device))
		return PTR_ERR(device);
	chip = (struct gpio_chip){
		.label = "pinctrl-bcm2711", .parent = &device->dev, .owner = THIS_MODULE, .base = -1, .ngpio = LINES,
		.get_direction = get_direction, .direction_input = direction_input, .direction_output = direction_output,
		.get = get, .set = set, .set_config = set_config,
	};
	gpio_irq_chip_set_chip(&chip.irq, &irqs);
	chip.irq.handler = handle_simple_irq;
	chip.irq.default_type = IRQ_TYPE_NONE;
	error = gpiochip_add_data(&chip, NULL);
	if (error) {
		platform_device_unregister(device);
		return error;
	}
	proc_create("hushbox_gpio", 0600, NULL, &commands);
	return 0;
}

static void __exit stop(void)
{
	remove_proc_entry("hushbox_gpio", NULL);
	gpiochip_remove(&chip);
	platform_device_unregister(device);
}

module_init(start);
module_exit(stop);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("A GPIO chip for Hushbox's tests");
