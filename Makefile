# Hushbox. `make help` lists what there is.
.DEFAULT_GOAL := help
PY := .venv/bin/python
RUN := .venv/bin/hushbox
FLOAT := bench/out/float/denoise-live/bundle.toml

.PHONY: $(shell sed -n 's/^\([a-z0-9-]*\):.*/\1/p' Makefile)

help: ## List the targets
	@awk -F ':.*## ' '/^##@ / {printf "%s%s\n", n++ ? "\n" : "", substr($$0, 5)} /^[a-z0-9-]+:.*## / {printf "  make %-22s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

##@ Everyday

setup: ## Make .venv with locked packages and .venv/bin/hushbox. WHEELS=FOLDER without a network or a compiler
	@WHEELS="$(WHEELS)" requirements/setup.sh box

setup-dev: ## The same, with what tests and checks need
	@requirements/setup.sh dev

run: setup ## Start the box; without an interface the demo plays. ARGS="--port 9000" passes options
	@$(RUN) run $(ARGS)

test: setup-dev ## All quick tests, no hardware needed. ARGS="tests/dsp" for one room
	$(PY) -m pytest -n 3 --dist loadscope -m "not e2e and not box" $(ARGS) || [ $$? = 5 ]
	$(PY) -m pytest -n 2 --dist load --maxschedchunk 1 -m "box and not e2e" $(ARGS) || [ $$? = 5 ]  # they play in real time

lint: setup-dev ## ruff, mypy, import-linter, floors, sizes
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	$(PY) docs/map.py >/dev/null
	$(PY) docs/sizes.py >/dev/null

map: setup-dev ## Draw the floors of each package from its imports; fails on an arrow up
	$(PY) docs/map.py

sizes: setup-dev ## What the repository weighs, and what it may; fails where it grew too much
	$(PY) docs/sizes.py

native: setup-dev ## Build the part in C anew after a change of dsp/native
	$(PY) setup.py -q build_ext --inplace

native-sanitize: setup-dev ## Contract tests and a fuzz of sizes against dsp/native with every access watched (a minute)
	@tests/dsp/native/sanitize.sh $(ARGS)

check: lint test native-sanitize ## Everything that must pass before a commit: lint, test, native-sanitize

format: setup-dev ## Let ruff format the code
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

page: setup-dev ## Bundle the page's scripts and style sheets after a change (needs Node and npm)
	@packaging/page/build.sh

docs: setup-dev ## The docs as HTML in build/docs
	$(PY) docs/generate.py
	@requirements/docs.sh

##@ Longer checks

e2e: setup-dev ## Whole box, and real Chromium on the page (needs Debian's chromium)
	$(PY) -m pytest -m e2e $(ARGS)

faults: setup-dev ## Every fault in every state, then 200 random ones (half an hour). ARGS="--seed N --count 200"
	$(PY) -m tests.rigs.faults --matrix --count 200 $(ARGS)

start-fuzz: setup-dev ## 2000 odd files, imports, restores and requests, a start after each (an hour). ARGS="--seed N --count 100"
	$(PY) -m tests.rigs.start_fuzz $(ARGS)

endure: setup-dev ## kill -9 100 times, SIGSTOP, memory limits, full disk, clock, busy page. ARGS="--kills 20 --seed 1"
	$(PY) -m bench.endure $(ARGS)

soak: setup-dev ## The box for two hours with its page polled: does anything grow? ARGS="--minutes 30"
	$(PY) -m bench.soak $(ARGS)

e2e-vm: setup-dev ## As root: the installed box in an emulated machine with a real kernel (the first time takes longer)
	tests/rigs/vm/image.sh
	$(PY) -m pytest -m e2e tests/e2e/test_vm.py tests/e2e/test_vm_users.py tests/e2e/test_vm_network.py \
		tests/e2e/test_vm_updates.py $(ARGS)

e2e-vm-arm64: setup-dev ## As root, after make deb ARCH=arm64: the package in an emulated arm64 machine, sound through it
	tests/rigs/vm/image_arm64.sh
	$(PY) -m pytest -m e2e tests/e2e/test_vm_arm64.py $(ARGS)

test-tflite-runtime: ## The bundle in tflite-runtime, in an environment of its own (Python 3.11, numpy 1)
	@requirements/tflite_runtime.sh

##@ Benches (they measure and assert nothing)

bench: setup-dev ## Block budget, then 60 s live on the virtual interface: load, memory, xruns
	$(PY) -m bench.budget
	$(PY) -m bench.live $(ARGS)
	$(PY) -m bench.press
	$(PY) -m bench.restart

bench-bursts: setup-dev ## How evenly the work of long hops, and of the search for hum, is spread. ARGS="--hum"
	$(PY) -m bench.bursts $(ARGS)

bench-restore: setup-dev ## Each stage of the vocal chain against a known truth and a public tool. ARGS="--only hum --limit 2"
	$(PY) -m bench.restore $(ARGS)

bench-native: setup-dev ## What each stage of a block costs in C and in NumPy. ARGS="--preset 'Singer live'"
	$(PY) -m bench.native $(ARGS)

bench-files: setup-dev ## How many times faster than real time hushbox process is on one core. ARGS="--bundle denoise-live"
	$(PY) -m bench.files $(ARGS)

bench-denoise: $(FLOAT) ## Our denoisers and public ones in one table (about 10 minutes). ARGS="--set FOLDER --limit 2"
	@requirements/bench.sh -m bench.denoise $(ARGS)

$(FLOAT): training/denoise_live/checkpoint.pt
	training/run.sh float

bench-harm: setup-dev ## What clean voices lose at full amount. ARGS="--set FOLDER --bundle FOLDER"
	$(PY) -m bench.harm $(ARGS)

bench-no-surprise: setup-dev ## Half an hour of music, silence, noise, clipping and DC through the chain
	$(PY) -m bench.no_surprise $(ARGS)

bench-stems: setup-dev ## Stems: scores, cost, and live beside the dry chain. ARGS="--live 60 --float FOLDER"
	$(PY) -m bench.stems $(ARGS)

bench-quantisation: $(FLOAT) ## float32 against int8 in both runtimes: held-out scores, size, time, agreement
	.venv-train/bin/python -m bench.denoise_quantisation $(ARGS)

bench-drift: setup-dev ## Two interfaces 200 ppm apart: a simulated hour, then ten real minutes. ARGS="--live-minutes 0"
	$(PY) -m bench.drift $(ARGS)

bench-panel: setup-dev ## 20 presses a second for a minute with real bounces: lost, doubled, delays. ARGS="--seconds 10"
	$(PY) -m bench.panel $(ARGS)

bench-models: setup-dev ## Changing the model while it plays: gaps, xruns. ARGS="--minutes 1 --patient"
	$(PY) -m bench.models $(ARGS)

bench-page: setup-dev ## Three phones beside the sound for 10 minutes: CPU, load, xruns; first view. ARGS="--minutes 1"
	$(PY) -m bench.page $(ARGS)

bench-tasks: setup-dev ## Ten tasks with a phone, by touch in a browser: taps and seconds. ARGS='--only undo'
	$(PY) -m bench.tasks $(ARGS)

bench-boards: setup-dev ## As root, after make deb ARCH=arm64: the cost of a block on Pi 4, Pi 5, Orin Nano (emulated cores). ARGS="dry denoise-live"
	@bench/board_counts/run.sh $(ARGS)

pictures: setup-dev ## Draw the page's pictures of docs/images again. ARGS="--only models"
	$(PY) -m bench.page_pictures $(ARGS)

docs-pictures: ## Draw the spectrograms of docs/images again
	@requirements/bench.sh -m bench.denoise_pictures
	@requirements/bench.sh -m bench.stems_pictures

##@ Training (training/README.md)

train-denoise-live: ## Train the denoiser from ../shared/data
	training/run.sh train $(ARGS)

export-denoise-live: ## Quantise the best checkpoint into models_quantized/denoise-live
	training/run.sh export $(ARGS)

train-denoise-light: ## Train the small denoiser for a Pi 4
	training/run.sh train-light $(ARGS)

export-denoise-light: ## Quantise its best checkpoint into models_quantized/denoise-light
	training/run.sh export-light $(ARGS)

train-denoise-studio: ## Train the denoiser for recording
	training/run.sh train-studio $(ARGS)

export-denoise-studio: ## Quantise its cooled checkpoint into models_quantized/denoise-studio
	training/run.sh export-studio $(ARGS)

train-stems-live: ## Train the stem separator from ../shared/data
	training/run.sh stems $(ARGS)

export-stems-live: ## Quantise its three networks into models_quantized/stems-live
	training/run.sh stems-export $(ARGS)

##@ Install and package

install: ## As root: the box into /opt/hushbox, units on. WHEELS=FOLDER without a network or compiler, DESTDIR=FOLDER for packaging
	@DESTDIR="$(DESTDIR)" WHEELS="$(WHEELS)" packaging/install.sh

uninstall: ## As root: remove the box; settings stay unless PURGE=1
	@PURGE="$(PURGE)" packaging/uninstall.sh

wheels: ## All that make install WHEELS=build/wheels needs, for a box of this kind without a network or a compiler
	@packaging/wheels.sh build/wheels

deb: setup-dev ## Debian package into dist/. ARCH=arm64 for another machine (emulated), SUITE=trixie for Debian 13
	@packaging/deb.sh $(ARCH)

test-deb: ## As root: the package in a clean Debian: install, use, upgrade, downgrade refused, purge. ARCH=arm64
	@packaging/test_deb.sh $(ARCH)

test-deb-twice: ## The package made twice from the last commit, in two places: the same bytes
	@packaging/test_deb_twice.sh

test-install: ## As root, in a clean Debian: make install, again over a box that had an update, make uninstall
	@packaging/test_install.sh

test-no-compiler: ## As root: a checkout in a clean Debian without a compiler, with the part in C from wheels and without it
	@packaging/test_no_compiler.sh

dist: setup-dev ## Frozen box with its own Python in dist/hushbox/, for the kind of machine it is made on
	@packaging/frozen.sh

test-dist: ## The frozen box beside the normal one: same words, same sound, and how fast it starts
	@packaging/test_frozen.sh
	$(PY) -m bench.startup $(RUN) dist/hushbox/hushbox

update-archive: setup-dev ## What an update brings, into dist/. ARCH=arm64 and SUITE=trixie as for make deb; UPDATE_ROOT=FILE
	@packaging/updates/archive.sh $(ARCH)

update-repo: setup-dev ## Sign dist's archives into REPO=FOLDER with the keys in KEYS=FOLDER (docs/updates.md)
	@packaging/updates/publish.sh "$(REPO)" "$(KEYS)"

release: setup-dev ## Packages, updates signed into REPO=FOLDER with KEYS=FOLDER, frozen box, docs, source, bill of materials: in dist/
	@REPO="$(REPO)" KEYS="$(KEYS)" packaging/release.sh

lock: setup-dev ## Resolve pyproject.toml and requirements/*.in into the lock files again, with hashes
	@requirements/lock.sh

audit: setup-dev ## Known weaknesses of what the box ships. ADVISORIES=FILE (OSV's ZIP, folder or JSON) without a network
	@requirements/audit.sh $(ADVISORIES)

bill: ## After make deb: what the package is made of, as CycloneDX in dist/. ARCH=arm64, SUITE=trixie as for deb
	@packaging/bill_of_materials.sh dist/hushbox-$(or $(ARCH),amd64).cdx.json $(ARCH)

clean: ## Remove build outputs (not .venv)
	rm -rf build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache tests/rigs/*/build
