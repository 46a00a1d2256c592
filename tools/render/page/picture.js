// Zoom and search of the picture. Without it the picture is complete, and still.
"use strict";
(() => {
const svg = document.currentScript.ownerSVGElement, all = svg.viewBox.baseVal.width, margin = 10;
const width = all - 2 * margin, letter = 7.225;
const frames = [...svg.querySelectorAll(".f")].map(g => {
    const rect = g.querySelector("rect"), lines = g.querySelector("title").textContent.split("\n");
    return {g, rect, text: g.querySelector("text"), name: g.dataset.mark + lines[0], lines,
        x: +rect.getAttribute("x"), w: +rect.getAttribute("width"), y: +rect.getAttribute("y")};
});
const hint = svg.querySelector(".hint"), found = svg.querySelector("#found"), usual = hint.textContent;
let view = frames[0], chosen = frames[0];

function put(frame, x, w) {
    frame.rect.setAttribute("x", x);
    frame.rect.setAttribute("width", Math.max(w, .3));
    const letters = Math.floor((w - 6) / letter);
    if (!frame.text && letters > 2) {
        frame.text = document.createElementNS(svg.namespaceURI, "text");
        frame.text.setAttribute("y", frame.y + 13);
        frame.g.append(frame.text);
    }
    if (!frame.text)
        return;
    const name = [...frame.name];
    frame.text.setAttribute("x", x + 4);
    frame.text.textContent = letters < 3 ? "" : name.length <= letters ? frame.name : name.slice(0, letters - 1).join("") + "…";
}
function zoom(to) {
    view = to;
    const by = width / to.w, near = .005;
    for (const frame of frames) {
        const around = frame.y < to.y && frame.x <= to.x + near && frame.x + frame.w >= to.x + to.w - near;
        const inside = frame.y >= to.y && frame.x >= to.x - near && frame.x + frame.w <= to.x + to.w + near;
        frame.g.style.display = around || inside ? "" : "none";
        frame.g.classList.toggle("around", around);
        if (around)
            put(frame, margin, width);
        else if (inside)
            put(frame, margin + (frame.x - to.x) * by, frame.w * by);
    }
}
function say(frame) {
    hint.textContent = frame ? frame.lines.join("  ·  ") : usual;
}
function choose(frame) {
    if (!frame)
        return;
    chosen = frame;
    if (frame.g.style.display === "none")
        zoom(frames[0]);
    frame.g.setAttribute("tabindex", "0");
    frame.g.focus({preventScroll: false});
    say(frame);
}
function search(text) {
    const wanted = text.toLowerCase(), seen = [];
    for (const frame of frames) {
        const hit = wanted && frame !== frames[0] && frame.lines.slice(0, -1).join(" ").toLowerCase().includes(wanted);
        frame.g.classList.toggle("hit", Boolean(hit));
        frame.g.classList.toggle("off", Boolean(wanted && !hit));
        // Frames come before those below them: what lies in one that counts does not.
        if (hit && !seen.some(s => frame.x >= s.x - .005 && frame.x + frame.w <= s.x + s.w + .005 && frame.y > s.y))
            seen.push(frame);
    }
    const share = seen.reduce((sum, frame) => sum + frame.w, 0) / width * 100;
    found.textContent = !wanted ? "" : seen.length ? share.toFixed(1) + " %" : "no match";
}
function key(event) {
    if (event.target.localName === "input") {
        if (event.key === "Escape") {
            event.target.value = "";
            search("");
            choose(chosen);
        }
        return;
    }
    const i = frames.indexOf(chosen), same = frame => frame.y === chosen.y && frame.g.style.display !== "none";
    const actions = {
        Enter: () => zoom(chosen), Escape: () => zoom(frames[0]), "0": () => zoom(frames[0]),
        "/": () => input.focus(),
        ArrowUp: () => choose(frames.slice(0, i).reverse().find(f => f.y < chosen.y)),
        ArrowDown: () => frames[i + 1] && frames[i + 1].y > chosen.y && choose(frames[i + 1]),
        ArrowRight: () => choose(frames.slice(i + 1).find(same)),
        ArrowLeft: () => choose(frames.slice(0, i).reverse().find(same)),
    };
    if (actions[event.key] && !event.ctrlKey && !event.metaKey && !event.altKey) {
        event.preventDefault();
        actions[event.key]();
    }
}
const place = document.createElementNS(svg.namespaceURI, "foreignObject");
const input = document.createElementNS("http://www.w3.org/1999/xhtml", "input");
for (const [name, value] of Object.entries({x: all - 220, y: 8, width: 212, height: 34}))
    place.setAttribute(name, value);
for (const [name, value] of Object.entries({type: "search", placeholder: "Search (/)", "aria-label": "Search"}))
    input.setAttribute(name, value);
place.append(input);
svg.append(place);
input.addEventListener("input", () => search(input.value));
svg.addEventListener("keydown", key);
frames[0].g.setAttribute("tabindex", "0");
for (const frame of frames) {
    frame.g.addEventListener("click", () => { choose(frame); zoom(frame); });
    frame.g.addEventListener("mouseenter", () => say(frame));
    frame.g.addEventListener("mouseleave", () => say(null));
}
})();
