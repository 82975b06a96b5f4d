// Calls of our own server with its protection against forged requests.

/** Post JSON, get JSON. Throws an Error with a sentence for people. */
export async function postJson(url, data) {
  let answer;
  try {
    answer = await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...JSON.parse(document.body.getAttribute("hx-headers")) },
      body: JSON.stringify(data),
    });
  } catch {
    throw new Error("The server can not be reached. Try again in a moment.");
  }
  const read = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(read.message ?? `The server answered with ${answer.status}.`);
  return read;
}
