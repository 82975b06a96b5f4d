// How numbers are told.

export const counted = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;
