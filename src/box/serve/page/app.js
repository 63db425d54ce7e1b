// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The script of the page of cfs-box serve.
//
// What containers say (names, commands, output) is hostile. It reaches the document through textContent only, after clean()
// has made control characters harmless; there is no innerHTML here, and the server's Content-Security-Policy would not
// run what came in by it.
//
// A browser keeps six connections to a server, for all its windows together. So there is one stream of events and one of
// statistics for all containers, held by one window (a lock of the Web Locks API) while the others ask now and then, and a
// window that is not visible holds none.

const $ = (id) => document.getElementById(id);

// ---- Text ----------------------------------------------------------------------------------------------------------

// Escape sequences: CSI (colours, cursor), strings (OSC, DCS, SOS, PM, APC) up to their end, the short ones (ECMA-48).
const ESCAPES = /(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?|\x1b[ -/]*[0-~]/g;
// What a line must not hold: control characters, and those that turn the direction of writing (CVE-2021-42574).
const CONTROLS = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

// ^G, <U+202E>: as cat -v and others write them.
function visible(c) {
        const n = c.codePointAt(0);
        return n < 0x80 ? `^${String.fromCharCode(n ^ 0x40)}` : `<U+${n.toString(16).toUpperCase().padStart(4, '0')}>`;
}

const clean = (text) => String(text ?? '').replace(ESCAPES, '').replace(CONTROLS, visible);

// A command as a shell would read it.
const quote = (word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
const commandLine = (words) => (words ?? []).map(quote).join(' ');

function bytes(n) {
        const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
        let i = 0;
        for (; n >= 1024 && i < units.length - 1; i++)
                n /= 1024;
        return `${n.toFixed(i && n < 100 ? 1 : 0)}\u00a0${units[i]}`;
}

const percent = (n) => `${n.toFixed(n < 10 ? 1 : 0)}\u00a0%`;

function duration(seconds) {
        for (const [unit, length] of [['d', 86400], ['h', 3600], ['min', 60]])
                if (seconds >= length * (unit === 'd' ? 2 : 1))
                        return `${Math.floor(seconds / length)}\u00a0${unit}`;
        return `${Math.max(0, Math.floor(seconds))}\u00a0s`;
}

// The server's clock less ours, seconds: 0 unless they are far apart.
let skew = 0;
const now = () => Date.now() / 1000 + skew;
const ago = (time) => (now() - time < 2 ? 'just now' : `${duration(now() - time)} ago`);

// 2026-11-26 09:05:00; without the day when it is today's.
function moment(time) {
        const two = (n) => String(n).padStart(2, '0');
        const d = new Date(time * 1000);
        const day = d.toDateString() === new Date().toDateString() ? '' : `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())} `;
        return `${day}${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
}

function put(node, text) {
        const s = clean(text);
        if (node.textContent !== s)
                node.textContent = s;
}

function putTime(node, time) {
        put(node, ago(time));
        const iso = new Date(time * 1000).toISOString();
        if (node.dateTime !== iso) {
                node.dateTime = iso;
                node.title = moment(time);
        }
}

// Lines of a list in the order of items: a node that is there already stays, with the focus that is in it.
function keyed(parent, items, key, template, fill) {
        const old = new Map([...parent.children].map((n) => [n.dataset.key, n]));
        const nodes = items.map((item) => {
                const k = String(key(item));
                let n = old.get(k);
                if (n) {
                        old.delete(k);
                } else {
                        n = $(template).content.firstElementChild.cloneNode(true);
                        n.dataset.key = k;
                }
                fill(n, item);
                return n;
        });
        let lost = false;
        for (const n of old.values()) {
                lost ||= n.contains(document.activeElement);
                n.remove();
        }
        let at = parent.firstElementChild;
        for (const n of nodes)
                if (n === at)
                        at = at.nextElementSibling;
                else
                        parent.insertBefore(n, at);
        if (lost)
                parent.closest('section').querySelector('h1').focus();
}

const part = (node, selector) => node.querySelector(selector);
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
// The next frame; in a window that is not painted a quarter of a second.
const frame = () => Promise.race([new Promise((done) => requestAnimationFrame(done)), sleep(250)]);

// ---- The server ----------------------------------------------------------------------------------------------------

class ServerError extends Error {
        constructor(status, message) {
                super(message);
                this.status = status;
        }
}

// Answers a response that is no error. A server that is not there is an error without status.
async function ask(method, path, { body, signal } = {}) {
        const init = { method, signal, credentials: 'same-origin', cache: 'no-store' };
        if (body !== undefined) {
                init.body = JSON.stringify(body);
                init.headers = { 'Content-Type': 'application/json' };
        }
        let r;
        try {
                r = await fetch(path, init);
        } catch (e) {
                if (e.name === 'AbortError')
                        throw e;
                poke();
                throw new ServerError(0, 'the server does not answer');
        }
        if (r.ok)
                return r;
        const text = await r.text().catch(() => '');
        let message = text;
        try {
                const { error, hint } = JSON.parse(text);
                message = hint ? `${error}\n${hint}` : error;
        } catch { /* a proxy's words */ }
        if (r.status === 401 && path !== 'session')
                token.need();
        throw new ServerError(r.status, message || `${r.status} ${r.statusText}`);
}

async function get(path, options) {
        const r = await ask('GET', path, options);
        const date = Date.parse(r.headers.get('Date') ?? '') / 1000;
        if (date)
                skew = Math.abs(date - Date.now() / 1000) > 5 ? date - Date.now() / 1000 : 0;
        return r.json();
}

const post = async (path, body, options) => (await ask('POST', path, { body: body ?? {}, ...options })).text();

// Calls fn with the text of a stream, piece by piece.
async function stream(path, signal, fn, begun) {
        const r = await ask('GET', path, { signal });
        await begun?.();
        const reader = r.body.pipeThrough(new TextDecoderStream()).getReader();
        for (;;) {
                const { done, value } = await reader.read();
                if (done)
                        return;
                await fn(value);
        }
}

// Calls fn with each document of a stream of lines.
async function documents(path, signal, fn, begun) {
        let rest = '';
        await stream(path, signal, (text) => {
                const lines = (rest + text).split('\n');
                rest = lines.pop();
                for (const line of lines)
                        if (line)
                                fn(JSON.parse(line));
        }, begun);
}

const segment = (name) => name.split('/').map(encodeURIComponent).join('/');

// ---- What is known, and whether the server is there --------------------------------------------------------------------

const known = { containers: [], images: null, networks: [], info: null, loaded: false };
const link = { up: false, streams: false };
let wake = () => {};
const poke = () => wake();

function showLink() {
        const state = !link.up ? 'gone' : link.streams ? 'live' : 'polling';
        const words = { gone: 'no connection', live: 'live', polling: 'every 3 s' };
        $('link').dataset.link = token.needed ? 'start' : state;
        put($('link'), token.needed ? 'locked' : words[state]);
}

function shown() {
        if (!document.hidden)
                return Promise.resolve();
        return new Promise((done) => document.addEventListener('visibilitychange', done, { once: true })).then(shown);
}

// Runs fn(signal) again and again while `wanted`, the window is seen and the server is there. Of all windows one does,
// meanwhile the others call `instead` every few seconds.
async function share(name, wanted, fn, instead) {
        const able = () => link.up && !document.hidden && wanted();
        for (;;) {
                await shown();
                if (!able()) {
                        await sleep(300);
                        continue;
                }
                const end = new AbortController();
                const watch = setInterval(() => able() || end.abort(), 300);
                let held = false;
                const asking = instead && setInterval(() => held || instead(), 2000);
                const hold = () => {
                        held = true;
                        return fn(end.signal);
                };
                try {
                        if (navigator.locks)
                                await navigator.locks.request(`cfs-box ${name}`, { signal: end.signal }, hold);
                        else
                                await hold();
                } catch { /* whether the server is there is for refresh() to find out */ }
                clearInterval(watch);
                clearInterval(asking);
                await sleep(end.signal.aborted ? 100 : 2000);
        }
}

async function refresh() {
        known.info ??= await get('info');
        const containers = await get('containers');
        announce(known.containers, containers);
        known.containers = containers;
        if (view.name === 'images' || !known.images)
                known.images = await get('images');
        known.loaded = true;
}

// Tells those who do not see the screen what became of containers.
function announce(before, after) {
        if (!known.loaded)
                return;
        const states = new Map(before.map((c) => [c.id, c.state]));
        const news = after.filter((c) => states.get(c.id) !== c.state).map((c) => `${c.name}: ${stateOf(c).text}`);
        if (news.length)
                put($('say'), news.slice(0, 5).join('; '));
}

function gone(error, seconds) {
        link.up = link.streams = false;
        showLink();
        put($('gone-what'), error.status ? 'The server answers with an error.' : 'The server does not answer.');
        put($('gone-why'), error.status ? error.message : 'Is cfs-box serve running? What is shown may be old.');
        $('gone').hidden = false;
        put($('gone-next'), `Next try in ${seconds} s.`);
}

// Asks how things are: at once when something happened, else every few seconds. This alone says whether the server is there.
async function watch() {
        let pause = 1;
        for (;;) {
                await shown();
                await token.given();
                const poked = new Promise((done) => { wake = done; });
                try {
                        await refresh();
                        link.up = true;
                        pause = 1;
                        $('gone').hidden = true;
                        showLink();
                        show();
                        await Promise.race([sleep(link.streams ? 15000 : 3000), poked]);
                        await sleep(150); // events come in groups
                } catch (e) {
                        if (e.status === 401)
                                continue;
                        if (!(e instanceof ServerError))
                                console.error(e);
                        for (let left = pause, again = false; left > 0 && !again; left--) {
                                gone(e, left);
                                const button = new Promise((done) => { $('gone-now').onclick = () => { again = true; done(); }; });
                                await Promise.race([sleep(1000), button]);
                        }
                        pause = Math.min(pause * 2, 16);
                }
        }
}

const followEvents = (signal) => documents('events?follow=1', signal, (e) => {
        if (e.type === 'image')
                known.images = null;
        poke();
        history_.changed();
}, () => {
        link.streams = true;
        showLink();
}).finally(() => {
        link.streams = false;
        showLink();
        poke();
});

// ---- Messages and questions ----------------------------------------------------------------------------------------

function toast(message, bad) {
        const n = $('t-toast').content.firstElementChild.cloneNode(true);
        n.setAttribute('role', bad ? 'alert' : 'status');
        n.classList.toggle('bad', Boolean(bad));
        part(n, 'button').onclick = () => n.remove();
        while ($('toasts').children.length > 3)
                $('toasts').firstElementChild.remove();
        $('toasts').append(n);
        put2(part(n, 'p'), message);
        if (!bad)
                setTimeout(() => n.remove(), 5000);
}

// Text of several lines.
const put2 = (node, text) => { node.textContent = String(text).split('\n').map((l) => clean(l.trim())).join('\n'); };

// A question before what cannot be undone. `act` is called with the chosen signal; its error stays in the dialog. Without `yes` it is
// no question but says why not.
function sure({ title, text, yes, signals, act }) {
        put($('sure-title'), title);
        put2($('sure-text'), text);
        put($('sure-yes'), yes);
        $('sure-yes').hidden = !yes;
        put($('sure-no'), yes ? 'Cancel' : 'Close');
        $('sure-choice').hidden = !signals;
        put($('sure-error'), '');
        $('sure-form').onsubmit = async (event) => {
                event.preventDefault();
                if (!yes || busy($('sure-yes')))
                        return;
                busy($('sure-yes'), true);
                try {
                        await act({ signal: $('sure-signal').value });
                        $('sure').close();
                } catch (e) {
                        put2($('sure-error'), e.message);
                } finally {
                        busy($('sure-yes'), false);
                }
        };
        $('sure').showModal();
        (signals ? $('sure-signal') : $('sure-no')).focus();
}

// A button that may not be used now stays where it is and keeps the focus: aria-disabled, not disabled.
function busy(button, on) {
        if (on !== undefined)
                button.setAttribute('aria-disabled', String(on));
        return button.getAttribute('aria-disabled') === 'true';
}

document.addEventListener('click', (event) => {
        const b = event.target.closest('button');
        if (!b)
                return;
        if (b.matches('[data-close]'))
                b.closest('dialog').close();
        if (b.matches('[data-open-run]'))
                run.open();
        if (b.matches('[data-copy]'))
                navigator.clipboard.writeText(part(b.parentNode, 'code').textContent)
                        .then(() => toast('Copied.'), () => toast('The browser does not allow to copy.', true));
});

// ---- Views ---------------------------------------------------------------------------------------------------------

const view = { name: '', id: '', query: new URLSearchParams() };

// Where the address says: #/containers, #/containers/ID, #/history?..., #/images
function route() {
        const [path, query] = location.hash.slice(2).split('?');
        const [name, id] = path.split('/');
        const before = view.name + view.id;
        view.name = ['history', 'images'].includes(name) ? name : id ? 'container' : 'containers';
        view.id = name === 'containers' && id ? id : '';
        view.query = new URLSearchParams(query);
        if (before === view.name + view.id)
                return false;
        detail.leave();
        if (view.name === 'container')
                detail.enter();
        if (view.name === 'history')
                history_.enter();
        if (view.name === 'images')
                known.images = null;
        return true;
}

function show() {
        const name = token.needed ? 'token' : known.loaded ? view.name : '';
        for (const section of document.querySelectorAll('.view'))
                section.hidden = section.id !== `view-${name}`;
        $('nav').hidden = token.needed;
        for (const a of $('nav').children) {
                if (a.dataset.view === view.name || (view.name === 'container' && a.dataset.view === 'containers'))
                        a.setAttribute('aria-current', view.name === 'container' ? 'true' : 'page');
                else
                        a.removeAttribute('aria-current');
        }
        if (!name || name === 'token')
                return;
        const i = known.info ?? {};
        put($('host'), [i.version, i.root, i.rootless ? 'rootless' : ''].filter(Boolean).join(' · '));
        for (const c of document.querySelectorAll('[data-command]'))
                put(c, `cfs-box ${['/var/lib/cfs-box', undefined].includes(i.root) || i.rootless ? '' : `--root ${quote(i.root)} `}${c.dataset.command}`);
        ({ containers: showContainers, container: detail.show, history: history_.show, images: showImages })[name]();
        const what = name === 'container' ? $('c-name').textContent : $(`${name}-title`).textContent;
        document.title = `${what} – cfs-box`;
}

addEventListener('hashchange', () => {
        if (route()) {
                show();
                scrollTo(0, 0);
                part(document, '.view:not([hidden]) h1')?.focus();
                poke();
        }
});
$('skip').onclick = () => $('main').focus();
setInterval(() => document.hidden || !known.loaded || show(), 10000);
document.addEventListener('visibilitychange', poke);

// ---- Containers ----------------------------------------------------------------------------------------------------

// What to show of a container's state or of a run's end: a word for the style sheet, and one for people.
function stateOf(c) {
        if (c.state === 'running')
                return { kind: 'running', text: `up ${duration(now() - (c.started ?? c.created))}` };
        if (c.state !== 'exited')
                return { kind: c.state, text: c.state };
        const code = c.exitCode;
        return { kind: code === 0 ? 'exited' : 'bad', text: code === undefined ? 'ended' : code === 0 ? 'ended' : `code ${code}` };
}

function putState(node, { kind, text }) {
        node.dataset.state = kind;
        put(node, text);
}

const pending = new Map(); // container -> what is being done to it

// Does something to a container; ends well or with a message.
async function act(c, doing, done, fn) {
        if (pending.has(c.id))
                return;
        pending.set(c.id, doing);
        show();
        try {
                await fn();
                toast(`${c.name}: ${done}`);
        } catch (e) {
                toast(`${c.name}: ${e.message}`, true);
        }
        pending.delete(c.id);
        poke();
        show();
}

const at = (c, what) => `containers/${c.id}${what}`;
const actions = {
        start: (c) => act(c, 'starting', 'started', () => post(at(c, '/start'))),
        restart: (c) => act(c, 'restarting', 'restarted', () => post(at(c, '/restart'))),
        stop(c) {
                const stop = () => act(c, 'stopping', 'stopped', () => post(at(c, '/stop')));
                if (!c.autoRemove)
                        return stop();
                return sure({ title: `Stop ${c.name}?`, yes: 'Stop and remove', text: 'It is removed at its end (--rm), with what it has written.',
                        act: () => { stop(); } });
        },
        kill: (c) => sure({ title: `Send a signal to ${c.name}`, yes: 'Send', signals: true,
                text: `KILL ends it at once: what it has not written yet is lost.${c.autoRemove ? '\nIt is removed at its end (--rm), with what it has written.' : ''}`,
                act: async ({ signal }) => {
                        await post(at(c, '/kill'), { signal });
                        toast(`${c.name}: ${signal} sent`);
                        poke();
                } }),
        remove: (c) => sure({ title: `Remove ${c.name}?`, yes: c.state === 'running' ? 'Kill and remove' : 'Remove',
                text: `${c.state === 'running' ? 'It runs, and is killed first.\n' : ''}What it has written into its root file system and its log are lost. Its image and the history stay.`,
                act: async () => {
                        await ask('DELETE', at(c, c.state === 'running' ? '?force=1' : ''));
                        toast(`${c.name}: removed`);
                        if (view.id === c.id)
                                location.hash = '#/containers';
                        poke();
                } }),
};

const ROWS = 300; // more are not drawn anew every second

function matching() {
        const text = $('containers-text').value.trim().toLowerCase();
        const which = $('containers-which').value;
        return known.containers.filter((c) => (!which || c.state === which)
                && (!text || [c.name, c.image, c.id, commandLine(c.command)].some((s) => String(s ?? '').toLowerCase().includes(text))));
}

function fillContainer(n, c) {
        const a = part(n, '.name a');
        const runs = c.state === 'running';
        put(a, c.name);
        a.href = `#/containers/${c.id}`;
        put(part(n, '.id'), c.id.slice(0, 12));
        n.toggleAttribute('data-running', runs);
        const state = stateOf(c);
        if (c.finished && c.state === 'exited')
                state.text += `, ${ago(c.finished)}`;
        if (pending.has(c.id))
                state.text = pending.get(c.id);
        putState(part(n, '.state'), state);
        put(part(n, '.image'), c.image);
        put(part(n, 'code'), commandLine(c.command));
        part(n, 'code').title = clean(commandLine(c.command));
        part(n, '.ports').textContent = (c.ports ?? []).map(clean).join('\n');
        const b = part(n, 'button');
        b.dataset.do = runs ? 'stop' : 'start';
        put(b, runs ? 'Stop' : 'Start');
        b.setAttribute('aria-label', `${b.textContent} ${clean(c.name)}`);
        busy(b, pending.has(c.id));
        spark(part(n, '.cpu'), c, 'cpu', percent);
        spark(part(n, '.memory'), c, 'memory', bytes);
}

function showContainers() {
        const list = matching();
        const all = known.containers.length;
        const runs = known.containers.filter((c) => c.state === 'running').length;
        put($('containers-sum'), all ? `${runs} running, ${all} in all` : '');
        $('containers-tools').hidden = !all;
        $('containers-table').hidden = !list.length;
        $('containers-none').hidden = all > 0;
        $('containers-no-image').hidden = known.images?.length !== 0;
        $('containers-no-match').hidden = !all || list.length > 0;
        $('containers-more').hidden = list.length <= ROWS;
        put($('containers-more'), `The first ${ROWS} of ${list.length} are shown; the filter finds the others.`);
        keyed($('containers-rows'), list.slice(0, ROWS), (c) => c.id, 't-container', fillContainer);
}

$('containers-tools').oninput = show;
$('containers-tools').onsubmit = (event) => event.preventDefault();
$('containers-clear').onclick = () => {
        $('containers-tools').reset();
        show();
        $('containers-text').focus();
};
$('containers-rows').onclick = (event) => {
        const b = event.target.closest('button');
        const c = known.containers.find((k) => k.id === event.target.closest('tr')?.dataset.key);
        if (c && b && !busy(b))
                actions[b.dataset.do](c);
};

// ---- Curves --------------------------------------------------------------------------------------------------------

const SPAN = 120; // seconds that a chart shows; the small ones of the list show half of them
const samples = new Map(); // container -> [{ time, cpu, memory, limit, pids }]

// Of a stream the server knows the use of the processor since the line before; what is asked for now and then is compared here.
function sample(list, streamed) {
        const time = Date.now() / 1000;
        for (const s of list) {
                const old = samples.get(s.id) ?? [];
                const last = old.at(-1);
                let cpu = s.cpu_percent ?? 0;
                if (!streamed && last && s.cpu_usec >= last.usec && time > last.time)
                        cpu = (s.cpu_usec - last.usec) / (time - last.time) / 1e4;
                old.push({ time, usec: s.cpu_usec, cpu, memory: s.memory_bytes ?? 0, limit: s.memory_limit_bytes ?? 0,
                        pids: s.pids ?? 0, pidsLimit: s.pids_limit ?? 0 });
                samples.set(s.id, old.filter((k) => k.time > time - SPAN - 5));
        }
        const ids = new Set(known.containers.map((c) => c.id));
        for (const id of samples.keys())
                if (!ids.has(id) && !list.some((s) => s.id === id))
                        samples.delete(id);
        if (view.name === 'containers' || view.name === 'container')
                show();
}

// The first of 1, 2, 5, 10, 20 ... that is not below n; for bytes powers of two.
function ceiling(n, binary) {
        if (binary)
                return 2 ** Math.ceil(Math.log2(Math.max(n, 65536)));
        const power = 10 ** Math.floor(Math.log10(Math.max(n, 1)));
        return power * [1, 2, 5, 10].find((k) => k * power >= n);
}

// The curve's path in a box of 240 by 64; a gap in time is a gap in the curve.
function curve(list, field, top, span) {
        const end = Date.now() / 1000;
        let line = '';
        let area = '';
        let from = 0;
        let x = 0;
        const close = () => { area += line ? `L${x} 64L${from} 64Z` : ''; };
        list.forEach((s, i) => {
                const gap = i === 0 || s.time - list[i - 1].time > 6;
                if (gap && i)
                        close();
                x = Math.round((1 - (end - s.time) / span) * 2400) / 10;
                const y = Math.round((1 - Math.min(1, s[field] / top)) * 620 + 10) / 10;
                if (gap)
                        from = x;
                line += `${gap ? 'M' : 'L'}${x} ${y}`;
                area += `${gap ? 'M' : 'L'}${x} ${y}`;
        });
        close();
        return { line, area };
}

function draw(svg, list, field, top, span) {
        const { line, area } = curve(list, field, top, span);
        part(svg, '.line').setAttribute('d', line);
        part(svg, '.area').setAttribute('d', area);
}

function spark(cell, c, field, format) {
        const since = Date.now() / 1000 - SPAN / 2 - 2;
        const list = c.state === 'running' ? (samples.get(c.id) ?? []).filter((s) => s.time > since) : [];
        const last = list.at(-1);
        const most = Math.max(...list.map((s) => s[field]), 0);
        part(cell, 'svg').style.visibility = last ? '' : 'hidden';
        put(part(cell, '.n'), last ? format(last[field]) : '');
        draw(part(cell, 'svg'), list, field, field === 'cpu' ? ceiling(Math.max(most, 10)) : ceiling(most * 1.1, true), SPAN / 2);
}

function chart(figure, list, field, format) {
        const last = list.at(-1);
        const most = Math.max(...list.map((s) => s[field]), 0);
        const limit = field === 'memory' ? last?.limit ?? 0 : 0;
        let top = field === 'cpu' ? ceiling(Math.max(most, 10)) : ceiling(most * 1.1, true);
        const near = limit && most > limit / 4;
        if (near)
                top = Math.max(limit * 1.05, most);
        draw(part(figure, 'svg'), list, field, top, SPAN);
        const y = 63 - 62 * (limit / top);
        part(figure, '.limit')?.setAttribute('d', near ? `M0 ${y}H240` : '');
        put(part(figure, 'output'), !last ? 'no figures' : format(last[field]) + (limit ? ` of ${bytes(limit)}` : ''));
        put(part(figure, '.top'), last ? `top: ${format(near ? limit : top)}` : '');
        const name = field === 'cpu' ? 'Processor' : 'Memory';
        part(figure, 'svg').setAttribute('aria-label', last
                ? `${name}, the last two minutes: now ${format(last[field])}, at most ${format(most)}` : `${name}: no figures`);
}

const watched = () => view.name === 'containers' || view.name === 'container';
const followStats = (signal) => documents('stats?stream=1', signal, (list) => sample(list, true));
const askStats = () => get('stats').then((list) => sample(list, false), () => {});

// ---- One container -------------------------------------------------------------------------------------------------

const detail = {
        c: null,
        removed: false,

        enter() {
                detail.c = null;
                detail.removed = false;
                logs.clear();
                put($('logs-how'), '');
        },

        leave() {
                logs.stop();
        },

        show() {
                const found = known.containers.find((c) => c.id === view.id) ?? known.containers.find((c) => c.id.startsWith(view.id) || c.name === view.id);
                detail.removed = !found;
                detail.c = found ?? detail.c;
                const c = detail.c;
                const note = found ? '' : c ? 'This container has been removed.' : `There is no container ${view.id}.`;
                $('c-note').hidden = !note;
                put($('c-note'), note);
                put($('c-name'), c?.name ?? view.id);
                part($('view-container'), '.detail').hidden = !c;
                $('c-actions').hidden = !found;
                $('c-state').hidden = !c;
                $('c-history').href = `#/history?container=${encodeURIComponent(c?.id ?? view.id)}`;
                if (!c)
                        return;
                const state = stateOf(c);
                if (pending.has(c.id))
                        state.text = pending.get(c.id);
                if (!found)
                        Object.assign(state, { kind: 'removed', text: 'removed' });
                putState($('c-state'), state);
                for (const b of $('c-actions').children) {
                        const runs = c.state === 'running';
                        const fits = { start: !runs, stop: runs, kill: runs, restart: true, remove: true }[b.dataset.do];
                        busy(b, !fits || pending.has(c.id));
                }
                const list = c.state === 'running' && found ? samples.get(c.id) ?? [] : [];
                part($('view-container'), '.charts').hidden = c.state !== 'running' || !found;
                chart($('c-cpu'), list, 'cpu', percent);
                chart($('c-memory'), list, 'memory', bytes);
                facts(c, list.at(-1));
                logs.update(c, Boolean(found));
        },
};

function facts(c, last) {
        const date = (t) => (t ? `${moment(t)}, ${ago(t)}` : '');
        const restarted = c.restarts ? `, ${c.restarts} times so far` : '';
        const rows = [
                ['Image', c.image], ['Command', commandLine(c.command)], ['ID', c.id.slice(0, 12)],
                ['Created', date(c.created)], ['Started', date(c.started)], ['Ended', c.state === 'exited' ? date(c.finished) : ''],
                ['Exit code', c.state === 'exited' ? c.exitCode ?? 'not known' : ''],
                ['Process', c.state === 'running' ? c.pid : ''],
                ['Processes', last ? `${last.pids}${last.pidsLimit ? ` of ${last.pidsLimit}` : ''}` : ''],
                ['Network', [c.network, c.address].filter(Boolean).join(', ')], ['Ports', (c.ports ?? []).join(' ')],
                ['Restart', c.restart && c.restart !== 'no' ? c.restart + restarted : ''],
                ['At its end', c.autoRemove ? 'it is removed' : ''],
                ...Object.entries(c.labels ?? {}).map(([k, v]) => [`Label ${k}`, v]),
                ['Bundle', c.bundle],
        ].filter(([, value]) => value !== '' && value !== undefined && value !== null);
        const dl = $('c-facts');
        while (dl.children.length > rows.length * 2)
                dl.lastElementChild.remove();
        rows.forEach(([name, value], i) => {
                if (!dl.children[i * 2])
                        dl.append(document.createElement('dt'), document.createElement('dd'));
                put(dl.children[i * 2], name);
                put(dl.children[i * 2 + 1], value);
                dl.children[i * 2 + 1].classList.toggle('mono', ['Command', 'ID', 'Bundle'].includes(name));
        });
}

// ---- Logs ----------------------------------------------------------------------------------------------------------

const MAX_LINES = 5000;
const MAX_CHARS = 2e6;
const MAX_LINE = 16384;

const logs = {
        end: null, // the stream's AbortController
        of: '', // what is shown: container, and its start
        chars: 0,
        rest: '', // the line that is not complete
        lines: [], // those that are not shown yet
        drawing: null,
        follows: true,

        clear() {
                $('log').replaceChildren();
                Object.assign(logs, { chars: 0, rest: '', lines: [], of: '', follows: true });
                $('logs-end').hidden = true;
        },

        stop() {
                logs.end?.abort();
                logs.end = null;
        },

        // Called whenever something is known anew: reads the log of what was started since.
        update(c, there) {
                const of = `${c.id} ${c.started ?? ''}`;
                const gone = document.hidden && logs.follows;
                if (gone)
                        logs.stop();
                else if (there && link.up && !logs.end && (logs.of !== of || c.state === 'running'))
                        logs.read(c, of);
        },

        async read(c, of) {
                const end = new AbortController();
                logs.end = end;
                let ended = '';
                try {
                        const times = $('logs-times').checked ? '&timestamps=1' : '';
                        await stream(at(c, `/logs?follow=1&tail=1000${times}`), end.signal, logs.feed, () => {
                                logs.clear();
                                logs.of = of;
                                logs.how();
                        });
                        ended = 'end';
                } catch (e) {
                        if (end.signal.aborted)
                                return;
                        ended = e instanceof ServerError ? e.message : 'the connection broke';
                }
                await frame();
                if (logs.end !== end)
                        return;
                logs.flush();
                if (!$('log').children.length && ended === 'end')
                        logs.mark('No output.');
                if (ended !== 'end')
                        logs.mark(ended);
                put($('logs-how'), ended === 'end' ? 'complete' : 'interrupted');
                await sleep(1000); // a container that is started again, or a server that comes back, is read anew then
                if (logs.end === end)
                        logs.end = null;
        },

        // A line ends at "\n", "\r\n" or "\r" (progress bars). Output that comes faster than it can be shown waits in the socket.
        async feed(text) {
                const lines = (logs.rest + text).split(/\r\n|\n|\r(?!$)/);
                logs.rest = lines.pop();
                if (logs.rest.length > MAX_LINE) {
                        lines.push(logs.rest);
                        logs.rest = '';
                }
                for (const line of lines)
                        for (let i = 0; i === 0 || i < line.length; i += MAX_LINE)
                                logs.lines.push(line.slice(i, i + MAX_LINE));
                logs.drawing ??= frame().then(() => {
                        logs.drawing = null;
                        logs.flush();
                });
                if (logs.lines.length > 500)
                        await logs.drawing;
        },

        line(text) {
                const n = document.createElement('div');
                n.textContent = clean(text);
                logs.chars += n.textContent.length;
                return n;
        },

        mark(text) {
                const n = logs.line(text);
                n.className = 'mark';
                logs.append([n]);
        },

        flush() {
                const nodes = logs.lines.slice(-MAX_LINES).map(logs.line);
                logs.lines = [];
                if (logs.rest) {
                        const n = logs.line(logs.rest);
                        n.dataset.rest = '';
                        nodes.push(n);
                }
                if (nodes.length)
                        logs.append(nodes);
        },

        append(nodes) {
                const log = $('log');
                const drop = (n) => {
                        logs.chars -= n.textContent.length;
                        n.remove();
                };
                if (log.lastElementChild?.dataset.rest !== undefined)
                        drop(log.lastElementChild);
                log.append(...nodes);
                while (log.children.length > MAX_LINES || (logs.chars > MAX_CHARS && log.children.length > 1))
                        drop(log.firstElementChild);
                if (logs.follows)
                        log.scrollTop = log.scrollHeight;
        },

        how() {
                $('logs-end').hidden = logs.follows;
                if (logs.end)
                        put($('logs-how'), logs.follows ? 'following' : 'paused: scrolled up');
        },
};

function follow(on) {
        if (on !== logs.follows) {
                logs.follows = on;
                logs.how();
        }
}

const atEnd = () => $('log').scrollHeight - $('log').scrollTop - $('log').clientHeight < 30;

// Browsers scroll smoothly, and a line that comes meanwhile must not pull the reader back: the wish to go up counts, not where
// the way up is.
const readerGoesUp = () => $('log').scrollTop > 0 && follow(false);
let lastTop = 0;
$('log').onscroll = () => {
        const up = $('log').scrollTop < lastTop;
        lastTop = $('log').scrollTop;
        if (!atEnd())
                follow(false);
        else if (!up)
                follow(true);
};
$('log').onkeydown = (event) => {
        if (['Home', 'PageUp', 'ArrowUp'].includes(event.key) || (event.key === ' ' && event.shiftKey))
                readerGoesUp();
};
$('log').addEventListener('wheel', (event) => event.deltaY < 0 && readerGoesUp(), { passive: true });
$('log').addEventListener('touchstart', readerGoesUp, { passive: true });
$('log').addEventListener('touchend', () => atEnd() && follow(true), { passive: true });
$('logs-end').onclick = () => {
        follow(true);
        $('log').focus();
        $('log').scrollTop = $('log').scrollHeight;
};
$('logs-wrap').onchange = () => {
        $('log').classList.toggle('wrap', $('logs-wrap').checked);
        if (logs.follows)
                $('log').scrollTop = $('log').scrollHeight;
};
$('logs-times').onchange = () => {
        logs.stop();
        logs.of = '';
        show();
};
$('c-actions').onclick = (event) => {
        const b = event.target.closest('button');
        if (b && detail.c && !busy(b))
                actions[b.dataset.do](detail.c);
};
document.addEventListener('visibilitychange', () => known.loaded && show());

// ---- Run -----------------------------------------------------------------------------------------------------------

// The field that an error is about: `.memory: ...`, `env[0]: ...`, `--memory lots: ...`, or by the words.
function fieldOf(message) {
        const names = { publish: 'ports', volume: 'volumes', 'pids-limit': 'pids_limit' };
        const option = /(?:^|\s)--([a-z-]+)\b/.exec(message)?.[1];
        const path = /^(?:body[:\d]*\s*|\$)?\.?([a-z_]+)(?:\[\d+\])*:/.exec(message)?.[1];
        const words = [[/^a container named/, 'name'], [/^image /, 'image'], [/^network /, 'network'], [/process\.args|exec: "/, 'command'], [/process\.cwd/, 'workdir']];
        for (const name of [path, names[option] ?? option, words.find(([w]) => w.test(message))?.[1]])
                if (name && $(`run-${name}-error`))
                        return name;
        return '';
}

const run = {
        images: () => (known.images ?? []).flatMap((i) => (i.names?.length ? i.names : [i.id])),

        async open(image) {
                run.fill(image);
                $('run-dialog').showModal();
                (image ? $('run-command') : $('run-image')).focus();
                try {
                        [known.images, known.networks] = await Promise.all([get('images'), get('networks')]);
                        run.fill(image);
                } catch (e) {
                        run.error(e.message);
                }
        },

        fill(image) {
                const select = $('run-image');
                const wanted = image ?? select.value;
                const names = run.images();
                select.replaceChildren(...names.map((n) => new Option(clean(n).replace(/:latest$/, ''), n)));
                if (names.includes(wanted))
                        select.value = wanted;
                if (!names.length)
                        run.error('There is no image yet. The view Images pulls one; `cfs-box image make busybox` makes one.');
                const runs = known.containers.filter((c) => c.state === 'running');
                const networks = new Set(['box', ...known.networks.map((n) => n.name), 'none', 'host', ...runs.map((c) => `container:${c.name}`)]);
                $('run-networks').replaceChildren(...[...networks].map((n) => new Option(n, n)));
                run.hint();
        },

        // The command that is run when none is given.
        async hint() {
                const name = $('run-image').value;
                const field = $('run-command');
                field.placeholder = "the image's";
                if (!name)
                        return;
                const image = await get(`images/${segment(name)}`).catch(() => ({}));
                const words = image.config?.Cmd ?? image.config?.cmd ?? [];
                if (words.length && $('run-image').value === name)
                        field.placeholder = `the image's: ${clean(commandLine(words))}`;
        },

        error(message, field) {
                put2($('run-error'), message);
                for (const e of $('run-form').querySelectorAll('.field .error')) {
                        const input = $(e.id.replace(/-error$/, ''));
                        const bad = Boolean(field) && e.id === `run-${field}-error`;
                        input.toggleAttribute('aria-invalid', bad);
                        if (bad)
                                input.setAttribute('aria-invalid', 'true');
                        put(e, bad ? message.split('\n')[0].replace(/^--[\w-]+ /, '') : '');
                }
                if (field) {
                        put($('run-error'), '');
                        const rest = message.split('\n').slice(1).join('\n');
                        put2($('run-error'), rest);
                        if ($('run-more').contains($(`run-${field}`)))
                                $('run-more').open = true;
                        $(`run-${field}`).focus();
                } else if (message) {
                        $('run-error').focus();
                }
        },

        // The document of POST /run: what was filled in.
        document() {
                const d = { state: 'run' };
                const form = new FormData($('run-form'));
                const lists = { env: /\n/, volumes: /\n/, ports: /[\s,]+/ };
                for (const [name, value] of form) {
                        const text = value.trim();
                        if (!text)
                                continue;
                        if (lists[name])
                                d[name] = text.split(lists[name]).map((s) => s.trim()).filter(Boolean);
                        else
                                d[name] = text;
                }
                if (d.rm)
                        d.rm = true;
                if (/^\d+$/.test(d.pids_limit ?? ''))
                        d.pids_limit = Number(d.pids_limit);
                return d;
        },

        async submit(event) {
                event.preventDefault();
                if (busy($('run-button')))
                        return;
                run.error('');
                busy($('run-button'), true);
                put($('run-button'), 'Starting…');
                try {
                        const c = JSON.parse(await post('run', run.document()));
                        $('run-dialog').close();
                        $('run-form').reset();
                        $('run-more').open = false;
                        toast(`${c.name}: started`);
                        await refresh().catch(() => {});
                        location.hash = `#/containers/${c.id}`;
                        poke();
                } catch (e) {
                        run.error(e.message, fieldOf(e.message));
                } finally {
                        busy($('run-button'), false);
                        put($('run-button'), 'Run');
                }
        },
};
$('run-form').onsubmit = run.submit;
$('run-image').onchange = run.hint;
$('run-dialog').onclose = () => run.error('');

// ---- History -------------------------------------------------------------------------------------------------------

const PAGE = 50;
const FIELDS = { text: 'h-text', image: 'h-image', user: 'h-user', end: 'h-end' };
// What the choices of "how it ended" are for the server, and for us.
const ENDS = {
        zero: ['exited', (h) => h.end === 'exited' && h.exitCode === 0],
        code: ['exited', (h) => h.end === 'exited' && h.exitCode !== 0],
};

function endOf(h) {
        const code = h.exitCode;
        switch (h.end) {
        case 'running':
                return { kind: 'running', text: 'it runs' };
        case 'exited':
                return { kind: code === 0 ? 'exited' : 'bad', text: code === undefined ? 'ended' : `code ${code}` };
        case 'oom':
                return { kind: 'bad', text: 'out of memory' };
        case 'failed':
                return { kind: 'bad', text: 'not started' };
        case 'lost':
                return { kind: 'paused', text: 'not known' };
        default:
                return { kind: 'bad', text: h.end ?? 'unknown' };
        }
}

const history_ = {
        rows: new Map(), // seq -> row
        shown: PAGE,
        all: false, // there are no older ones
        reading: 0,
        timer: 0,

        // The fields say what the address says.
        enter() {
                for (const [name, id] of Object.entries(FIELDS))
                        $(id).value = view.query.get(name) ?? '';
                history_.again();
        },

        filter() {
                const q = Object.fromEntries(Object.entries(FIELDS).map(([name, id]) => [name, $(id).value.trim()]));
                return { ...q, container: view.query.get('container') ?? '' };
        },

        fits(h, q) {
                const has = (s, t) => String(s ?? '').toLowerCase().includes(t.toLowerCase());
                return (!q.text || [h.name, h.id, h.image, commandLine(h.command), (h.command ?? []).join(' ')].some((s) => has(s, q.text)))
                        && (!q.image || has(h.image, q.image)) && (!q.user || h.user === q.user)
                        && (!q.end || (ENDS[q.end]?.[1] ?? ((k) => k.end === q.end))(h));
        },

        // What the server is asked for. It compares images as a whole, so part of an image's name goes into its text.
        query(q) {
                const { image, end, ...rest } = q;
                const ask = { ...rest, text: q.text || image, end: ENDS[end]?.[0] ?? end };
                return new URLSearchParams(Object.entries(ask).filter(([, v]) => v));
        },

        // Forgets what was read: the filter is another.
        again() {
                history_.rows.clear();
                history_.shown = PAGE;
                history_.all = false;
                history_.read();
        },

        // Reads pages until enough rows fit.
        async read() {
                const turn = ++history_.reading;
                const q = history_.filter();
                const ask = history_.query(q);
                try {
                        for (let pages = 0; pages < 20 && !history_.all && history_.fitting().length < history_.shown; pages++) {
                                const oldest = Math.min(...history_.rows.keys());
                                ask.set('limit', PAGE * 2);
                                if (Number.isFinite(oldest))
                                        ask.set('before', oldest);
                                const rows = await get(`history?${ask}`);
                                if (turn !== history_.reading)
                                        return;
                                history_.take(rows);
                                history_.all = rows.length < PAGE * 2;
                        }
                        put2($('history-error'), '');
                } catch (e) {
                        if (turn === history_.reading && e.status !== 401)
                                put2($('history-error'), e.message);
                }
                if (view.name === 'history')
                        show();
        },

        take(rows) {
                for (const h of rows)
                        history_.rows.set(h.seq, h);
        },

        // Something happened: the newest page is read again, soon.
        changed() {
                if (view.name !== 'history' || history_.timer)
                        return;
                history_.timer = setTimeout(async () => {
                        history_.timer = 0;
                        const ask = history_.query({ ...history_.filter(), end: '' });
                        ask.set('limit', PAGE);
                        const turn = history_.reading;
                        const rows = await get(`history?${ask}`).catch(() => []);
                        if (turn === history_.reading && view.name === 'history') {
                                history_.take(rows);
                                show();
                        }
                }, 400);
        },

        fitting() {
                const q = history_.filter();
                return [...history_.rows.values()].filter((h) => history_.fits(h, q)).sort((a, b) => b.seq - a.seq);
        },

        show() {
                const rows = history_.fitting();
                const list = rows.slice(0, history_.shown);
                const q = history_.filter();
                const more = rows.length > list.length || !history_.all;
                put($('history-sum'), list.length ? `${more ? 'the newest ' : ''}${list.length} run${list.length === 1 ? '' : 's'}` : '');
                $('history-only').hidden = !q.container;
                put($('history-id'), q.container.slice(0, 12));
                $('history-table').hidden = !list.length;
                $('history-none').hidden = list.length > 0 || !(history_.all || history_.rows.size);
                const filtered = Object.values(q).some(Boolean);
                put($('history-none'), !history_.all ? `None of the newest ${history_.rows.size} runs fits the filter.` : filtered ? 'No run fits the filter.' : 'Nothing has been run yet. What is run appears here, and stays when its container is removed.');
                $('history-more').hidden = !more || !history_.rows.size;
                keyed($('history-rows'), list, (h) => h.seq, 't-run', (n, h) => {
                        putTime(part(n, 'time'), h.started);
                        put(part(n, '.name'), h.name);
                        put(part(n, '.image'), h.image);
                        put(part(n, 'code'), commandLine(h.command));
                        part(n, 'code').title = clean(commandLine(h.command));
                        put(part(n, '.user'), h.user);
                        put(part(n, '.took'), h.finished || h.end === 'running' ? duration((h.finished ?? now()) - h.started) : 'unknown');
                        putState(part(n, '.state'), endOf(h));
                });
                const names = [...new Set([...run.images(), ...known.containers.map((c) => c.image)])].slice(0, 100);
                if ($('image-names').children.length !== names.length)
                        $('image-names').replaceChildren(...names.map((n) => new Option(n, n)));
        },

        // The address says what the fields say, so that it can be kept and sent.
        input() {
                clearTimeout(history_.typing);
                history_.typing = setTimeout(() => {
                        const q = new URLSearchParams(Object.entries(history_.filter()).filter(([, v]) => v));
                        view.query = q;
                        history.replaceState(null, '', `#/history${q.size ? `?${q}` : ''}`);
                        history_.again();
                }, 200);
        },
};
$('history-form').oninput = history_.input;
$('history-form').onsubmit = (event) => event.preventDefault();
$('history-clear').onclick = () => {
        $('history-form').reset();
        history_.input();
};
$('history-all').onclick = () => {
        view.query.delete('container');
        history_.input();
        $('history-title').focus();
};
$('history-more').onclick = () => {
        history_.shown += PAGE;
        history_.read();
};

// ---- Images --------------------------------------------------------------------------------------------------------

function showImages() {
        const images = known.images ?? [];
        const rows = images.flatMap((i) => (i.names?.length ? i.names : ['']).map((name) => ({ ...i, name })));
        const size = images.reduce((n, i) => n + (i.size ?? 0), 0);
        put($('images-sum'), images.length ? `${images.length} image${images.length === 1 ? '' : 's'}, ${bytes(size)}` : '');
        $('images-table').hidden = !rows.length;
        $('images-none').hidden = !known.images || rows.length > 0;
        keyed($('images-rows'), rows, (i) => `${i.id} ${i.name}`, 't-image', (n, i) => {
                const users = known.containers.filter((c) => c.imageId === i.id).length;
                const name = i.name || 'without a name';
                put(part(n, '.name'), name);
                put(part(n, '.id'), i.id.replace(/^sha256:/, '').slice(0, 12));
                put(part(n, '.size'), bytes(i.size ?? 0));
                put(part(n, '.layers'), i.layers?.length ?? 0);
                putTime(part(n, 'time'), i.created);
                put(part(n, '.used'), users);
                part(n, '.run').setAttribute('aria-label', `Run ${clean(name)}`);
                part(n, '.remove').setAttribute('aria-label', `Remove ${clean(name)}`);
        });
}

function removeImage(image, name) {
        const users = known.containers.filter((c) => c.imageId === image.id).map((c) => c.name);
        const last = (image.names?.length ?? 0) < 2;
        if (last && users.length) {
                const more = users.length > 8 ? ` and ${users.length - 8} more` : '';
                sure({ title: `${name || 'The image'} is in use`, text: `Containers were made from it; remove them first: ${users.slice(0, 8).join(', ')}${more}.` });
                return;
        }
        sure({ title: `Remove ${name || 'the image'}?`, yes: last ? 'Remove' : 'Remove the name',
                text: last ? 'The layers that no other image has are lost.' : `Only this name: the image is also called ${image.names.filter((k) => k !== name).join(', ')}.`,
                act: async () => {
                        await ask('DELETE', `images/${segment(name || image.id)}`);
                        toast(`${name || image.id.slice(0, 19)}: removed`);
                        known.images = null;
                        poke();
                } });
}

$('images-rows').onclick = (event) => {
        const b = event.target.closest('button');
        const [id, name] = event.target.closest('tr')?.dataset.key.split(' ') ?? [];
        const image = known.images?.find((i) => i.id === id);
        if (b && image)
                (b.matches('.run') ? run.open(name || id) : removeImage(image, name));
};

$('pull-form').onsubmit = async (event) => {
        event.preventDefault();
        const field = $('pull-reference');
        const reference = field.value.trim();
        const bad = (message) => {
                put2($('pull-error'), message);
                field.toggleAttribute('aria-invalid', Boolean(message));
                if (message) {
                        field.setAttribute('aria-invalid', 'true');
                        field.focus();
                }
        };
        if (busy($('pull-button')))
                return;
        if (!reference) {
                bad('Which image? A reference such as docker.io/library/alpine:3.20 is needed.');
                return;
        }
        bad('');
        busy($('pull-button'), true);
        put($('pull-working'), `Pulling ${reference}. This takes as long as the network does; the page may be left meanwhile.`);
        try {
                await post('images/pull', { reference });
                toast(`${reference}: pulled`);
                if (field.value.trim() === reference)
                        field.value = '';
        } catch (e) {
                bad(e.message);
        }
        put($('pull-working'), '');
        busy($('pull-button'), false);
        known.images = null;
        poke();
};

// ---- The token -----------------------------------------------------------------------------------------------------

const token = {
        needed: false,
        done: () => {},
        wait: Promise.resolve(),

        need(error) {
                if (error)
                        put2($('token-error'), error);
                if (token.needed)
                        return;
                token.needed = true;
                token.wait = new Promise((done) => { token.done = done; });
                for (const d of document.querySelectorAll('dialog[open]'))
                        d.close();
                $('gone').hidden = true;
                document.title = 'Token needed – cfs-box';
                showLink();
                show();
                $('token').focus();
        },

        given: () => token.wait,

        async send(value) {
                await post('session', { token: value });
                token.needed = false;
                put($('token-error'), '');
                $('token').value = '';
                $('token').removeAttribute('aria-invalid');
                token.done();
                showLink();
                show();
        },

        // `#token=...` of the address that `serve` prints: taken out of the address before anything else.
        async fromAddress() {
                const m = /^#token=(.+)$/.exec(location.hash);
                if (!m)
                        return;
                history.replaceState(null, '', location.pathname);
                await token.try(decodeURIComponent(m[1]));
        },

        async try(value) {
                try {
                        await token.send(value);
                        return true;
                } catch (e) {
                        token.need(e.status === 403 ? 'This is not the token of the server that runs now.' : e.message);
                        return false;
                }
        },
};

$('token-form').onsubmit = async (event) => {
        event.preventDefault();
        const value = $('token').value.trim();
        if (!value)
                put($('token-error'), 'The token is missing.');
        if (value && await token.try(value)) {
                $('main').focus();
        } else {
                $('token').setAttribute('aria-invalid', 'true');
                $('token').focus();
        }
};

// ---- Begin ---------------------------------------------------------------------------------------------------------

await token.fromAddress();
route();
watch();
share('events', () => true, followEvents);
share('statistics', watched, followStats, askStats);
