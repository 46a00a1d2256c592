// The flame graph of one page: a canvas that draws what can be seen of it, and a list.
//
// Everything that is shown comes from the JSON of #data, which is hostile: it is put on the
// canvas or into text nodes, never into markup. See flame_html.h for its form.
"use strict";
(() => {
const $ = id => document.getElementById(id);
const data = JSON.parse($("data").textContent);
const FUNCTION = 0, INLINED = 1, LIBRARY = 2, UNKNOWN = 3, WAIT = 4;
const KINDS = ["function", "inlined", "library", "no name known", "waiting"];

// ---- the tree: one array for each property, a frame before those below it ----

const names = data.names;               // [function, module, place, kind]
const step = data.compared ? 4 : 3;     // level, name, weight, weight before
const count = data.frames.length / step;
const level = new Uint32Array(count), name = new Uint32Array(count), parent = new Int32Array(count);
const end = new Uint32Array(count);     // behind the last frame below
const weights = [new Float64Array(count), new Float64Array(count)];
const self = [new Float64Array(count), new Float64Array(count)];
let levels = 0;

function readTree() {
    const open = [];
    for (let i = 0, at = 0; i < count; i++, at += step) {
        const deep = level[i] = data.frames[at];
        name[i] = data.frames[at + 1];
        while (open.length > deep)
            end[open.pop()] = i;
        parent[i] = deep ? open[deep - 1] : -1;
        open.push(i);
        levels = Math.max(levels, deep + 1);
        for (let side = 0; side < step - 2; side++) {
            const weight = weights[side][i] = self[side][i] = data.frames[at + 2 + side];
            if (deep)
                self[side][parent[i]] -= weight;
        }
    }
    while (open.length)
        end[open.pop()] = count;
}
readTree();

// The frames of each level, from left to right.
const rowStart = new Uint32Array(levels + 1), rows = new Uint32Array(count);
function sortRows() {
    for (let i = 0; i < count; i++)
        rowStart[level[i] + 1]++;
    for (let l = 0; l < levels; l++)
        rowStart[l + 1] += rowStart[l];
    const next = rowStart.slice();
    for (let i = 0; i < count; i++)
        rows[next[level[i]]++] = i;
}
sortRows();

// ---- what is seen ----

let side = 0;                           // 0: the width is the weight now; 1: the weight before
let weight = weights[0], left = new Float64Array(count);
let view = {from: 0, to: 1}, history = []; // the range of weights that is shown
let shown = view;                       // the same, on its way there
let selected = -1, hovered = -1;
let matching = null;                    // of each name: 1 when it matches the search

function lay() {
    weight = weights[side];
    const next = new Float64Array(levels + 1);
    for (let i = 0; i < count; i++) {
        const l = level[i];
        left[i] = next[l];
        next[l] += weight[i];
        next[l + 1] = left[i];          // those below begin with it
    }
}

const total = () => weight[0] || 1;
const share = i => weight[i] / total();

// ---- words ----

function scaled(value, units, base) {
    let u = 0;
    for (; u + 1 < units.length && Math.abs(value) >= base * .9995; u++)
        value /= base;
    const size = Math.abs(value);
    return value.toFixed(!u && Number.isInteger(value) ? 0 : size < 9.995 ? 2 : size < 99.95 ? 1 : 0) + units[u];
}
function quantity(value) {
    if (data.unit === "ns")
        return scaled(value, [" ns", " µs", " ms", " s"], 1000);
    if (data.unit === "bytes")
        return scaled(value, [" B", " KB", " MB", " GB", " TB"], 1024);
    return Math.abs(value) < 1e5 ? String(value) : scaled(value, ["", " k", " M", " G"], 1000);
}
function percent(part) {
    const p = part * 100;
    return (p !== 0 && Math.abs(p) < .1 ? p.toPrecision(2) : p.toFixed(1)) + " %";
}
const points = part => (part < 0 ? "−" : "+") + percent(Math.abs(part)).replace(" %", " points");

// How much more of the whole a frame is than it was before.
function change(i) {
    return weights[0][i] / (weights[0][0] || 1) - weights[1][i] / (weights[1][0] || 1);
}

// Two lines: what the frame is, and its figures.
function describe(i) {
    const [fn, module, place, kind] = names[name[i]];
    const where = [place, module, kind === FUNCTION || kind === LIBRARY ? "" : KINDS[kind]].filter(s => s);
    const figures = [`${quantity(weight[i])}, ${percent(share(i))} of all`];
    const seen = view.to - view.from;
    if (seen < total() * .999)
        figures.push(`${percent(Math.min(weight[i] / seen, 1))} of what is shown`);
    figures.push(self[side][i] > 0 ? `itself ${quantity(self[side][i])}` : "nothing by itself");
    if (data.compared)
        figures.push(weights[1][i] ? weights[0][i] ? `${quantity(weights[1][i])} before, ${points(change(i))}` :
            "gone now" : "not there before");
    return [fn, where.join(", "), figures.join("; ")];
}

// ---- colours ----

const dark = matchMedia("(prefers-color-scheme: dark)");
const coarse = matchMedia("(pointer: coarse)");
const hash = text => {
    let h = 7;
    for (let i = 0; i < text.length; i++)
        h = Math.imul(h ^ text.charCodeAt(i), 0x5bd1e995);
    return (h ^ h >>> 13) >>> 0;
};
let colours, ink, edge, paper;

function nameColour([fn, module, , kind]) {
    const some = hash(fn) % 1000 / 1000, other = hash(module) % 1000 / 1000;
    const lit = (l, d) => dark.matches ? d : l;
    switch (kind) {
    case LIBRARY: return `hsl(${150 + other * 50} ${lit(45, 34)}% ${lit(70, 30) + some * 8}%)`;
    case UNKNOWN: return `hsl(240 4% ${lit(80, 32)}%)`;
    case WAIT: return `hsl(${225 + some * 25} ${lit(70, 40)}% ${lit(82, 38)}%)`;
    default: return `hsl(${18 + some * 34} ${lit(88, 58)}% ${lit(68, 33) + other * 6}%)`;
    }
}
// Red is more than before, blue is less: deep from 10 points on.
function changeColour(i) {
    const by = change(i), deep = Math.min(1, Math.sqrt(Math.abs(by) / .1));
    const lightness = dark.matches ? 27 + deep * 14 : 92 - deep * 26;
    return Math.abs(by) < .0005 ? `hsl(240 4% ${lightness}%)` : `hsl(${by > 0 ? 8 : 215} ${25 + deep * 60}% ${lightness}%)`;
}
function chooseColours() {
    const style = getComputedStyle(document.documentElement);
    [ink, edge, paper] = ["--text", "--mark", "--back"].map(v => style.getPropertyValue(v).trim());
    colours = names.map(nameColour);
    colours[0] = dark.matches ? "#33333b" : "#e4e4e9"; // the whole is no function
}

// ---- drawing ----

const canvas = $("canvas"), graph = $("graph"), room = $("room"), pen = canvas.getContext("2d");
let width = 0, height = 0, row = 20, letter = 7, scale = 1;

function measure() {
    row = coarse.matches ? 28 : 20;
    scale = window.devicePixelRatio || 1;
    width = graph.clientWidth;
    height = graph.clientHeight;
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    canvas.style.height = height + "px";
    pen.font = "12px ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace";
    letter = pen.measureText("mmmmmmmmmm").width / 10;
    growRoom();
}
// The room to scroll: down to the deepest frame that is in the view.
function growRoom() {
    let deepest = 0;
    for (let i = 0; i < count; i++)
        if (level[i] > deepest && left[i] < view.to && left[i] + weight[i] > view.from)
            deepest = level[i];
    room.style.height = Math.max(height, (deepest + 1) * row + 8) + "px";
}

// The first frame of a row that ends behind `at`.
function firstBehind(l, at) {
    let low = rowStart[l], high = rowStart[l + 1];
    while (low < high) {
        const middle = low + high >> 1, i = rows[middle];
        if (left[i] + weight[i] > at)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

function label(i, room) {
    const [fn, , , kind] = names[name[i]];
    let text = fn;
    if (data.compared && Math.abs(change(i)) >= .0005)
        text += " " + (change(i) > 0 ? "▲" : "▼") + percent(Math.abs(change(i)));
    if (kind === INLINED)
        text = "↳" + text;
    const letters = Math.floor(room / letter);
    if (letters < 3)
        return "";
    const cut = [...text.slice(0, letters * 2 + 2)]; // whole characters
    return cut.length <= letters ? text : cut.slice(0, letters - 1).join("") + "…";
}

function hatch(x, y, w) {
    pen.save();
    pen.beginPath();
    pen.rect(x, y, w, row - 1);
    pen.clip();
    pen.strokeStyle = dark.matches ? "rgba(255,255,255,.16)" : "rgba(0,0,0,.13)";
    pen.beginPath();
    for (let at = Math.max(x, 0) - row; at < Math.min(x + w, width); at += 7) {
        pen.moveTo(at, y + row);
        pen.lineTo(at + row, y);
    }
    pen.stroke();
    pen.restore();
}

// From one point of the screen to another: narrow frames side by side leave no gaps.
function drawFrame(i, y, from, to) {
    const wide = to - from, kind = names[name[i]][3];
    const off = matching && !matching[name[i]];
    pen.globalAlpha = off ? .3 : weight[i] > shown.to - shown.from ? .72 : 1;
    pen.fillStyle = data.compared ? changeColour(i) : colours[name[i]];
    pen.fillRect(from, y, wide > 3 ? wide - 1 : wide, row - 1);
    if (kind === WAIT && wide > 4)
        hatch(from, y, wide - 1);
    if (matching && !off) {
        pen.fillStyle = edge;
        pen.fillRect(from, y + row - 4, wide > 3 ? wide - 1 : wide, 3);
    }
    const text = wide > 3 * letter + 8 && label(i, wide - 8);
    if (text) {
        pen.globalAlpha = off ? .6 : 1;
        pen.fillStyle = ink;
        pen.fillText(text, from + 4, y + row / 2 + .5);
    }
}

function outline(i, top, line) {
    const per = width / (shown.to - shown.from), x = (left[i] - shown.from) * per;
    const from = Math.max(x, 0), to = Math.min(x + weight[i] * per, width);
    if (i < 0 || to < 0 || from > width)
        return;
    pen.strokeStyle = line > 1 ? edge : ink;
    pen.lineWidth = line;
    pen.strokeRect(from + line / 2, level[i] * row - top + line / 2, Math.max(to - from - 1 - line, 1), row - 1 - line);
}

function draw() {
    const top = graph.scrollTop, per = width / (shown.to - shown.from);
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.fillStyle = paper;
    pen.fillRect(0, 0, width, height);
    pen.font = "12px ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace";
    pen.textBaseline = "middle";
    const last = Math.min(levels, Math.ceil((top + height) / row));
    for (let l = Math.floor(top / row); l < last; l++) {
        let drawn = 0;                  // the right edge of what this row has so far
        for (let at = firstBehind(l, shown.from); at < rowStart[l + 1]; at++) {
            const i = rows[at];
            if (left[i] >= shown.to)
                break;
            const from = Math.max((left[i] - shown.from) * per, drawn);
            const to = Math.min(Math.round((left[i] + weight[i] - shown.from) * per * scale) / scale, width);
            if (to <= from)
                continue;               // less than a point of the screen, and others are there
            drawFrame(i, l * row - top, Math.round(from * scale) / scale, to);
            drawn = to;
        }
    }
    pen.globalAlpha = 1;
    if (hovered >= 0 && hovered !== selected)
        outline(hovered, top, 1);
    if (selected >= 0)
        outline(selected, top, document.activeElement === canvas ? 3 : 2);
}
let waiting = 0;
const drawSoon = () => waiting = waiting || requestAnimationFrame(() => { waiting = 0; draw(); });

// ---- moving ----

const calm = matchMedia("(prefers-reduced-motion: reduce)");
let moving = 0;
function look(to, remember) {
    if (remember && (view.from !== to.from || view.to !== to.to))
        history.push(view);
    const from = shown, start = performance.now();
    cancelAnimationFrame(moving);
    view = to;
    growRoom();
    showState();
    const frame = now => {
        const part = Math.min(1, (now - start) / 160), eased = part * (2 - part);
        const between = end => from[end] + (to[end] - from[end]) * eased;
        shown = part < 1 ? {from: between("from"), to: between("to")} : to;
        draw();
        if (part < 1)
            moving = requestAnimationFrame(frame);
    };
    if (remember && !calm.matches) {
        moving = requestAnimationFrame(frame);
    } else {
        shown = to;
        drawSoon();
    }
}
const whole = () => ({from: 0, to: total()});
const rangeOf = i => weight[i] > 0 ? {from: left[i], to: left[i] + weight[i]} : whole();
function zoomTo(i) {
    look(rangeOf(i), true);
    reveal(i);
}
function goBack() {
    if (history.length)
        look(history.pop(), false);
}
function showAll() {
    look(whole(), true);
}
// Around a point of the canvas; factor below 1: closer.
function zoomAt(x, factor, remember) {
    const seen = view.to - view.from, at = view.from + seen * x / width;
    const next = Math.min(total(), Math.max(seen * factor, total() * 1e-9));
    const from = Math.min(Math.max(0, at - next * x / width), total() - next);
    look({from, to: from + next}, remember);
}
function pan(by) {
    const seen = view.to - view.from;
    const from = Math.min(Math.max(0, view.from + by * seen / width), total() - seen);
    look({from, to: from + seen}, false);
}
// Scrolls until the frame's row is seen.
function reveal(i) {
    const y = level[i] * row;
    if (y < graph.scrollTop)
        graph.scrollTop = y;
    else if (y + row > graph.scrollTop + height)
        graph.scrollTop = y + 2 * row - height;
}

// ---- selecting ----

function fill(element, lines) {
    element.replaceChildren();
    lines.forEach((text, n) => {
        const part = document.createElement(n ? "span" : "b");
        part.textContent = text;
        if (n && element.id === "detail" && text)
            element.append(" · ");
        if (text)
            element.append(part);
    });
}
function select(i, quiet) {
    selected = i;
    if (i < 0) {
        $("detail").textContent = "Wider is more; what a function calls stands below it." + (data.compared ? " Red is more than before, blue is less." : "");
    } else {
        fill($("detail"), describe(i));
        // In view: a frame that the arrow keys reach may lie outside it.
        const range = rangeOf(i);
        if (!quiet && (range.to <= view.from || range.from >= view.to))
            look(rangeOf(parent[i] < 0 ? i : parent[i]), true);
        if (!quiet)
            reveal(i);
    }
    $("zoom").hidden = i < 0 || weight[i] <= 0;
    drawSoon();
}
function showState() {
    $("back").disabled = history.length === 0;
    $("all").disabled = view.from <= 0 && view.to >= total();
    if (selected >= 0)
        fill($("detail"), describe(selected));
}
function frameAt(x, y) {
    const l = Math.floor((y + graph.scrollTop) / row);
    if (l < 0 || l >= levels || x < 0 || x >= width)
        return -1;
    const at = shown.from + (shown.to - shown.from) * x / width, found = firstBehind(l, at);
    const i = found < rowStart[l + 1] ? rows[found] : -1;
    return i >= 0 && left[i] <= at ? i : -1;
}
// The frame beside the selected one, in its row.
function beside(i, by) {
    const l = level[i];
    let at = rows.subarray(rowStart[l], rowStart[l + 1]).indexOf(i) + rowStart[l];
    do
        at += by;
    while (at >= rowStart[l] && at < rowStart[l + 1] && weight[rows[at]] <= 0);
    return at >= rowStart[l] && at < rowStart[l + 1] ? rows[at] : i;
}
function move(key) {
    if (selected < 0)
        return select(0);
    const i = selected;
    if (key === "ArrowUp")
        return select(parent[i] < 0 ? i : parent[i]);
    if (key === "ArrowDown") {
        let best = -1;
        for (let c = i + 1; c < end[i]; c = end[c])
            if (weight[c] > 0 && (best < 0 || weight[c] > weight[best]))
                best = c;
        return select(best < 0 ? i : best);
    }
    return select(beside(i, key === "ArrowLeft" ? -1 : 1));
}

// ---- search ----

function matcher(text) {
    const pattern = /^\/(.+)\/?$/.exec(text);
    if (pattern) {
        try {
            const expression = new RegExp(pattern[1].replace(/\/$/, ""), "i");
            return fields => expression.test(fields[0]);
        } catch (_) {
            return null;
        }
    }
    const wanted = text.toLowerCase();
    return fields => fields[0].toLowerCase().includes(wanted) || fields[2].toLowerCase().includes(wanted);
}
function search(text) {
    const output = $("matches");
    const test = text ? matcher(text) : null;
    matching = null;
    output.textContent = text && !test ? "not a regular expression" : "";
    if (test) {
        matching = Uint8Array.from(names, fields => test(fields) ? 1 : 0);
        matching[0] = 0;                // the whole is no match
        let sum = 0, frames = 0;
        const functions = new Set();
        for (let i = 0, past = 0; i < count; i++) {
            if (!matching[name[i]] || weight[i] <= 0)
                continue;
            frames++;
            functions.add(name[i]);
            if (i >= past) {            // not below one that is counted
                sum += weight[i];
                past = end[i];
            }
        }
        output.textContent = frames ? `${percent(sum / total())} in ${functions.size} name${functions.size > 1 ? "s" : ""}` : "no match";
    }
    if (!$("table").hidden)
        showList();
    drawSoon();
}
function nextMatch(by) {
    if (!matching)
        return;
    for (let n = 1, i = selected < 0 ? 0 : selected; n <= count; n++) {
        i = (i + by + count) % count;
        if (matching[name[i]] && weight[i] > 0)
            return select(i);
    }
}

// ---- the list ----

let sortBy = "self", lines = null;

// Of each name: its own weight, and with all below; a recursion counts once.
function addUp() {
    const sums = names.map(() => [0, 0, 0, 0]); // self, total; of the other side
    const active = new Uint32Array(names.length), open = [];
    for (let i = 0; i < count; i++) {
        while (open.length && end[open[open.length - 1]] <= i)
            active[name[open.pop()]]--;
        const sum = sums[name[i]];
        for (let s = 0; s < step - 2; s++) {
            sum[s * 2] += self[s][i];
            if (!active[name[i]])
                sum[s * 2 + 1] += weights[s][i];
        }
        active[name[i]]++;
        open.push(i);
    }
    sums[0] = [0, 0, 0, 0];
    return sums.map((sum, n) => ({n, self: sum[side * 2], total: sum[side * 2 + 1],
        change: sum[0] / (weights[0][0] || 1) - sum[2] / (weights[1][0] || 1)}));
}
function cell(line, text, small) {
    const td = line.insertCell();
    td.textContent = text;
    if (small) {
        const note = document.createElement("small");
        note.textContent = " " + small;
        td.append(note);
    }
    return td;
}
function listLine(body, entry) {
    const [fn, module, place, kind] = names[entry.n], line = body.insertRow();
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = fn;
    button.title = "Show it in the graph";
    button.onclick = () => {
        $("search").value = fn;
        search(fn);
        showGraph();
        selected = -1;
        nextMatch(1);
        canvas.focus();
    };
    const first = cell(line, "");
    first.append(button);
    const where = document.createElement("small");
    where.textContent = " " + [place || module, kind > LIBRARY || kind === INLINED ? KINDS[kind] : ""].filter(s => s).join(", ");
    first.append(where);
    cell(line, percent(entry.self / total()), quantity(entry.self));
    cell(line, percent(entry.total / total()), quantity(entry.total));
    if (data.compared)
        cell(line, points(entry.change));
}
const LONGEST_LIST = 300;
function showList() {
    lines = lines || addUp();
    const key = sortBy === "change" ? e => Math.abs(e.change) : e => e[sortBy];
    const listed = lines.filter(e => (e.total > 0 || e.change) && (!matching || matching[e.n])).sort((a, b) => key(b) - key(a));
    const table = document.createElement("table"), head = table.createTHead().insertRow();
    const columns = [["", "Function"], ["self", "Itself"], ["total", "With all it calls"]];
    if (data.compared)
        columns.push(["change", "Itself, against before"]);
    for (const [id, title] of columns) {
        const th = document.createElement("th");
        th.scope = "col";
        if (id) {
            const button = document.createElement("button");
            button.type = "button";
            button.textContent = title + (id === sortBy ? " ▾" : "");
            button.onclick = () => { sortBy = id; showList(); };
            th.setAttribute("aria-sort", id === sortBy ? "descending" : "none");
            th.append(button);
        } else {
            th.textContent = title;
        }
        head.append(th);
    }
    const body = table.createTBody();
    listed.slice(0, LONGEST_LIST).forEach(entry => listLine(body, entry));
    const rest = document.createElement("p");
    rest.textContent = listed.length > LONGEST_LIST ? `and ${listed.length - LONGEST_LIST} more: search for them` : "";
    $("table").replaceChildren(table, rest);
}
function showGraph() {
    $("table").hidden = true;
    $("graph").hidden = false;
    $("list").setAttribute("aria-pressed", "false");
    resize();
}
function toggleList() {
    if (!$("table").hidden)
        return showGraph();
    showList();
    $("table").hidden = false;
    $("graph").hidden = true;
    $("list").setAttribute("aria-pressed", "true");
}

// ---- the two sides of a comparison ----

function showSide(which) {
    if (!data.compared || which === side)
        return;
    const kept = [view.from / total(), view.to / total()];
    side = which;
    lines = null;
    lay();
    history = [];
    const zoomed = kept[0] > 0 || kept[1] < 1;
    view = shown = zoomed && selected >= 0 ? rangeOf(selected) : {from: kept[0] * total(), to: kept[1] * total()};
    $("now").setAttribute("aria-pressed", String(side === 0));
    $("before").setAttribute("aria-pressed", String(side === 1));
    search($("search").value);
    select(selected, true);
    growRoom();
    showState();
    drawSoon();
}

// ---- help ----

function showHelp() {
    const keys = [["← → ↑ ↓", "select a frame"], ["Enter", "zoom in to it"], ["Backspace", "back"],
        ["Escape, 0", "show all"], ["+ −", "closer, further"], ["/", "search"], ["n N", "next, previous match"],
        ["l", "list or graph"], ...data.compared ? [["b", "width: now or before"]] : [],
        ["Drag, pinch", "move, zoom"], ["Ctrl + wheel", "zoom"]];
    const dialog = $("keys"), title = document.createElement("h2"), list = document.createElement("dl");
    title.id = "keys-title";
    title.textContent = "Keys";
    for (const [key, what] of keys) {
        const dt = document.createElement("dt"), dd = document.createElement("dd");
        dt.textContent = key;
        dd.textContent = what;
        list.append(dt, dd);
    }
    if (!data.compared) {
        KINDS.forEach((what, kind) => {
            const used = names.findIndex((fields, n) => n && fields[3] === kind);
            if (used < 0)
                return;
            const dt = document.createElement("dt"), dd = document.createElement("dd");
            const colour = document.createElement("span");
            colour.className = "key";
            colour.style.background = colours[used];
            dt.append(colour);
            dd.textContent = [what, "inlined, marked ↳", "library", "no name known", "waiting, hatched"][kind];
            list.append(dt, dd);
        });
    }
    const close = document.createElement("button");
    close.type = "button";
    close.textContent = "Close";
    close.onclick = () => dialog.close();
    dialog.replaceChildren(title, list, close);
    dialog.showModal();
}

// ---- what the reader does ----

function key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || $("keys").open)
        return;
    if (event.target === $("search")) {
        if (event.key === "Enter") {
            nextMatch(event.shiftKey ? -1 : 1);
        } else if (event.key === "Escape") {
            $("search").value = "";
            search("");
            canvas.focus();
        }
        return;
    }
    const onButton = event.target.closest && event.target.closest("button");
    const actions = {
        "/": () => { $("search").focus(); $("search").select(); },
        n: () => nextMatch(1), N: () => nextMatch(-1),
        l: toggleList, b: () => showSide(1 - side), "?": showHelp,
        "0": showAll, Home: showAll, Backspace: goBack,
        "+": () => zoomAt(width / 2, .5, false), "=": () => zoomAt(width / 2, .5, false),
        "-": () => zoomAt(width / 2, 2, false),
        Escape: () => { if ($("all").disabled) select(-1); else showAll(); },
    };
    if ($("table").hidden) {
        for (const arrow of ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"])
            actions[arrow] = () => move(arrow);
        if (!onButton)
            actions.Enter = actions[" "] = () => selected >= 0 && zoomTo(selected);
    }
    if (actions[event.key]) {
        event.preventDefault();
        $("tip").hidden = true;
        actions[event.key]();
    }
}

// Pointers that are down, by id. One that moves drags, two pinch.
const pointers = new Map();
let dragged = false;
const placeOf = event => {
    const box = canvas.getBoundingClientRect();
    return {x: event.clientX - box.left, y: event.clientY - box.top};
};
function pointerMove(event) {
    const at = placeOf(event), was = pointers.get(event.pointerId);
    if (!was)
        return event.pointerType === "mouse" && showTip(event, at);
    if (pointers.size === 1 && (dragged || Math.abs(at.x - was.x) > 5)) {
        if (!dragged && event.pointerType === "mouse")
            canvas.setPointerCapture(event.pointerId);
        dragged = true;
        pan(was.x - at.x);
        pointers.set(event.pointerId, at);
    } else if (pointers.size === 2) {
        const other = [...pointers].find(([id]) => id !== event.pointerId)[1];
        const before = Math.abs(was.x - other.x), now = Math.abs(at.x - other.x);
        dragged = true;
        if (before > 20 && now > 20)
            zoomAt((at.x + other.x) / 2, before / now, false);
        pointers.set(event.pointerId, at);
    }
}
function showTip(event, at) {
    const tip = $("tip"), i = frameAt(at.x, at.y);
    if (i !== hovered)
        drawSoon();
    hovered = i;
    tip.hidden = i < 0;
    if (i < 0)
        return;
    fill(tip, describe(i));
    const box = tip.getBoundingClientRect();
    const x = Math.min(event.clientX + 12, innerWidth - box.width - 8);
    const y = event.clientY + 18 + box.height > innerHeight ? event.clientY - box.height - 12 : event.clientY + 18;
    tip.style.left = Math.max(4, x) + "px";
    tip.style.top = Math.max(4, y) + "px";
}
// A click zooms; a finger selects first, since it has no tooltip.
function pointerUp(event) {
    const at = placeOf(event), down = pointers.delete(event.pointerId);
    if (!down || dragged || pointers.size)
        return;
    const i = frameAt(at.x, at.y), again = i === selected;
    select(i, true);
    if (i >= 0 && (event.pointerType === "mouse" || again))
        zoomTo(i);
}
function listen() {
    document.addEventListener("keydown", key);
    canvas.addEventListener("pointerdown", event => {
        if (event.button)
            return;
        if (!pointers.size)
            dragged = false;
        pointers.set(event.pointerId, placeOf(event));
        $("tip").hidden = true;
    });
    canvas.addEventListener("pointermove", pointerMove);
    canvas.addEventListener("pointerup", pointerUp);
    canvas.addEventListener("pointercancel", event => pointers.delete(event.pointerId));
    canvas.addEventListener("pointerleave", event => {
        if (event.pointerType !== "mouse")
            return;
        pointers.delete(event.pointerId);
        hovered = -1;
        $("tip").hidden = true;
        drawSoon();
    });
    canvas.addEventListener("wheel", event => {
        const sideways = event.deltaX || (event.shiftKey ? event.deltaY : 0);
        if (!event.ctrlKey && !sideways)
            return;
        event.preventDefault();
        if (event.ctrlKey)
            zoomAt(placeOf(event).x, Math.exp(event.deltaY * .004), false);
        else
            pan(sideways);
    }, {passive: false});
    canvas.addEventListener("focus", drawSoon);
    canvas.addEventListener("blur", drawSoon);
    graph.addEventListener("scroll", drawSoon);
    dark.addEventListener("change", () => { chooseColours(); drawSoon(); });
    coarse.addEventListener("change", resize);
    new ResizeObserver(resize).observe(graph);
    $("search").addEventListener("input", event => search(event.target.value));
    $("back").onclick = goBack;
    $("all").onclick = showAll;
    $("list").onclick = toggleList;
    $("help").onclick = showHelp;
    $("zoom").onclick = () => selected >= 0 && zoomTo(selected);
    $("now").onclick = () => showSide(0);
    $("before").onclick = () => showSide(1);
}
function resize() {
    if (graph.hidden)
        return;
    measure();
    draw();
}

$("title").textContent = data.title;
$("about").textContent = data.about.join(" · ");
$("sides").hidden = !data.compared;
lay();
view = shown = whole();
chooseColours();
select(-1);
listen();
resize();
performance.mark("flame-drawn");
})();
