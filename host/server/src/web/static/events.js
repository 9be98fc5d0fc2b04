// Server-sent events over fetch, since an EventSource cannot carry a token.

// Calls `on` with the name and the data of each event until the stream ends.
export async function listen(response, on) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let unread = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    unread += value;
    const events = unread.split("\n\n");
    unread = events.pop();
    for (const event of events) {
      const fields = event.split("\n").map((line) => line.split(/: ?(.*)/s));
      const name = fields.find(([field]) => field === "event")?.[1];
      const data = fields.filter(([field]) => field === "data").map(([, text]) => text ?? "");
      if (name) on(name, data.join("\n"));
    }
  }
}
