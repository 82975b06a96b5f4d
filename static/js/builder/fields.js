// How each kind of field shows a value and reads it back. `read` gives undefined for what is left
// out; a value that a kind can not show is shown as JSON (see form.js).

import { isObject } from "./paths.js";

/** A text that is no JSON; what stood there before stays until it is mended. */
export class Unreadable extends Error {}

const control = (field) => field.querySelector("[data-control]");
export const defaultOf = (field) => JSON.parse(field.dataset.default ?? "null") ?? undefined;
const isText = (value) => typeof value === "string";
const isAbsent = (value) => value === undefined || value === null;

/** Whether a value is not given: the field shows its default. */
function markAbsent(field, value) {
  field.toggleAttribute("data-absent", value === undefined);
}

// ---------------------------------------------------------------- JSON

export function parseJson(text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Unreadable(`This is no JSON${placeOf(error.message, text)}: ${reason(error.message)}`);
  }
}

function placeOf(message, text) {
  const named = /line (\d+) column (\d+)/.exec(message);
  if (named) return `, in line ${named[1]}, column ${named[2]}`;
  const found = /position (\d+)/.exec(message);
  const before = text.slice(0, found ? Number(found[1]) : text.length).split("\n");
  return `, in line ${before.length}, column ${before.at(-1).length + 1}`;
}

function reason(message) {
  const short = message.replace(/,? ?"[\s\S]*"\.* is not valid JSON/, "").replace(/ in JSON.*| at position.*/s, "");
  return `${short.replace(/ JSON input/, " of it").replace(/\.?$/, ".")} A template needs quotes around it.`;
}

/** JSON, or without quotes a text that is none. */
function readLoose(text) {
  if (/^\s*(\[|\{(?![{%]))/.test(text)) return parseJson(text);
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function showLoose(value) {
  if (isText(value) && value.trim()) {
    try {
      if (readLoose(value) === value) return value;
    } catch {
      return value;
    }
  }
  return JSON.stringify(value, null, 2);
}

// ---------------------------------------------------------------- the kinds

const text = {
  fits: isText,
  fill(field, value) {
    control(field).value = value ?? "";
    field.toggleAttribute("data-blank", value === "");
  },
  read(field) {
    const { value } = control(field);
    return value || (field.hasAttribute("data-blank") ? "" : undefined);
  },
};

/** `data-value`: what looks like a number, true, false, null, a list or an object is one. */
const template = {
  fits: () => true,
  fill(field, value) {
    const isValue = !isAbsent(value) && !isText(value);
    field.toggleAttribute("data-value", isValue);
    field.toggleAttribute("data-blank", value === "");
    control(field).value = isValue ? JSON.stringify(value) : (value ?? "");
  },
  read(field) {
    const { value } = control(field);
    if (!value) return field.hasAttribute("data-blank") ? "" : undefined;
    const other = field.hasAttribute("data-value") ? otherValue(value) : undefined;
    return other === undefined ? value : other;
  },
};

/** What a text would be if it were no text; undefined where it is nothing else. */
export function otherValue(value) {
  try {
    const read = JSON.parse(value);
    return isText(read) || read === null ? undefined : read;
  } catch {
    return undefined;
  }
}

const json = {
  fits: () => true,
  fill(field, value) {
    const stamp = JSON.stringify(value) ?? "";
    if (field.dataset.stamp === stamp && isBroken(field)) return;
    field.dataset.stamp = stamp;
    const show = field.hasAttribute("data-strict") ? (each) => JSON.stringify(each, null, 2) : showLoose;
    control(field).value = isAbsent(value) ? "" : show(value);
  },
  read(field) {
    const { value } = control(field);
    if (!value.trim()) return undefined;
    return field.hasAttribute("data-strict") ? parseJson(value) : readLoose(value);
  },
};

/** What is being typed and is no JSON yet is not written over. */
function isBroken(field) {
  try {
    json.read(field);
    return false;
  } catch {
    return true;
  }
}

const number = {
  fits: (value) => typeof value === "number" || isText(value),
  fill(field, value) {
    control(field).value = value ?? "";
  },
  read(field) {
    const value = control(field).value.trim();
    if (!value) return undefined;
    return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(value) ? Number(value) : value;
  },
};

const flag = {
  fits: (value) => typeof value === "boolean",
  fill(field, value) {
    markAbsent(field, value ?? undefined);
    control(field).checked = value ?? defaultOf(field) === true;
  },
  read: (field) => (field.hasAttribute("data-absent") ? undefined : control(field).checked),
};

const choice = {
  fits: () => true,
  fill(field, value) {
    const select = control(field);
    markAbsent(field, value);
    const shown = value === undefined ? defaultOf(field) : value;
    const wanted = shown === undefined ? "" : JSON.stringify(shown);
    select.querySelector("[data-unknown-option]")?.remove();
    if (wanted && ![...select.options].some((option) => option.value === wanted)) {
      const option = new Option(`${isText(shown) ? shown : wanted} (unknown)`, wanted);
      option.dataset.unknownOption = "";
      if (shown !== null) select.append(option);
    }
    select.value = wanted;
    if (select.selectedIndex < 0) select.selectedIndex = 0;
  },
  read(field) {
    const { value } = control(field);
    return field.hasAttribute("data-absent") || !value ? undefined : JSON.parse(value);
  },
};

const set = {
  fits: Array.isArray,
  fill(field, value) {
    markAbsent(field, value ?? undefined);
    const shown = value ?? defaultOf(field) ?? [];
    field.dataset.order = JSON.stringify(shown);
    for (const box of field.querySelectorAll("[data-control]")) {
      box.checked = shown.includes(JSON.parse(box.value));
    }
  },
  read(field) {
    if (field.hasAttribute("data-absent")) return undefined;
    const chosen = [...field.querySelectorAll("[data-control]:checked")].map((box) => JSON.parse(box.value));
    const before = JSON.parse(field.dataset.order ?? "[]");
    return [...before.filter((each) => chosen.includes(each)), ...chosen.filter((each) => !before.includes(each))];
  },
};

/** One secret, or two while it is being changed. */
const vault = {
  fits: (value) => isText(value) || (Array.isArray(value) && value.length <= 2 && value.every(isText)),
  fill(field, value) {
    const given = isText(value) ? [value].filter(Boolean) : (value ?? []);
    [...field.querySelectorAll("[data-control]")].forEach((select, place) => {
      choiceOf(select, given[place]);
      select.hidden = place > 0 && !given.length;
    });
  },
  read(field) {
    const given = [...field.querySelectorAll("[data-control]")].flatMap(({ value }) => (value ? JSON.parse(value) : []));
    return given.length > 1 ? given : given[0];
  },
};

function choiceOf(select, value) {
  const wanted = value === undefined ? "" : JSON.stringify(value);
  if (wanted && ![...select.options].some((option) => option.value === wanted)) {
    select.append(new Option(`${value.replace(/[{}\s]|vault\./g, "")} (not in the vault)`, wanted));
  }
  select.value = wanted;
}

export const KINDS = { text, template, json, number, switch: flag, choice, set, vault, workflow: choice };

/** Kinds that hold fields; form.js fills and reads them. */
export const FITS = {
  object: isObject,
  map: isObject,
  list: Array.isArray,
  rules: Array.isArray,
};
