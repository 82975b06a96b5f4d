// Keeps "3 min ago" and running durations true. The words are those of the server
// (runs/templatetags/display.py).
const STEPS = [
  [60, 1, "s"],
  [3600, 60, "min"],
  [86400, 3600, "h"],
  [86400 * 30, 86400, "d"],
];

const ago = (seconds) => {
  if (seconds < 5) return "just now";
  for (const [below, size, unit] of STEPS) {
    if (seconds < below) return `${Math.floor(seconds / size)} ${unit} ago`;
  }
  return null;
};

const two = (number) => String(number).padStart(2, "0");

export const lasting = (seconds) => {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.floor(seconds);
  if (seconds < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${two(Math.floor(whole / 60) % 60)} min`;
};

const since = (element, name) => (Date.now() - Date.parse(element.getAttribute(name))) / 1000;

const put = (element, text) => {
  if (text && element.textContent !== text) element.textContent = text;
};

const tickRunning = () => {
  for (const element of document.querySelectorAll("[data-since]")) {
    put(element, lasting(Math.max(since(element, "data-since"), 0)));
  }
};

const tickAgo = () => {
  for (const element of document.querySelectorAll("time[data-ago]")) {
    put(element, ago(Math.max(since(element, "datetime"), 0)));
  }
};

setInterval(tickRunning, 250);
setInterval(tickAgo, 5000);
