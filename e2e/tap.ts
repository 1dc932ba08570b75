import { appendFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';

/** Stands between the product's SMTP client and the simulated people's server and keeps a copy of what passes. */
export async function listen(target: number, copies: string): Promise<{ port: number; close: () => void }> {
  mkdirSync(copies, { recursive: true });
  let n = 0;
  const open = new Set<Socket>();
  const server = createServer((from) => {
    const file = `${copies}/${Date.now()}-${++n}.smtp`;
    writeFileSync(file, '');
    const to = connect(target, '127.0.0.1');
    open.add(from).add(to);
    from.on('data', (part) => appendFileSync(file, part));
    from.pipe(to);
    to.pipe(from);
    for (const end of [from, to])
      end.on('error', () => {
        from.destroy();
        to.destroy();
      });
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the tap has no port');
  return {
    port: address.port,
    close: () => {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}

export interface Letter {
  to: string;
  headers: string;
  /** The readable part, decoded. */
  text: string;
}

function unquote(text: string): string {
  const bytes: number[] = [];
  const joined = text.replace(/=\r?\n/g, '');
  for (let i = 0; i < joined.length; i++) {
    const hex = joined[i] === '=' ? joined.slice(i + 1, i + 3) : '';
    if (/^[0-9A-F]{2}$/i.test(hex)) {
      bytes.push(Number.parseInt(hex, 16));
      i += 2;
    } else bytes.push(...Buffer.from(joined[i] ?? '', 'utf8'));
  }
  return Buffer.from(bytes).toString('utf8');
}

/** The letters that have passed so far. */
export function letters(copies: string): Letter[] {
  const out: Letter[] = [];
  for (const name of readdirSync(copies).filter((x) => x.endsWith('.smtp'))) {
    const said = readFileSync(`${copies}/${name}`, 'utf8');
    for (const m of said.matchAll(
      /^RCPT TO:<([^>]*)>[^\r\n]*\r\n(?:DATA\r\n|BDAT[^\r\n]*\r\n)([\s\S]*?)\r\n\.\r\n/gim,
    )) {
      const [, to = '', message = ''] = m;
      const end = message.indexOf('\r\n\r\n');
      const part = /content-type: text\/plain[\s\S]*?\r\n\r\n([\s\S]*?)\r\n--/i.exec(message)?.[0] ?? '';
      const [about = '', ...rest] = part.split('\r\n\r\n');
      const body = rest.join('\r\n\r\n');
      const base64 = /base64/i.test(about);
      out.push({
        to,
        headers: message.slice(0, end),
        text: base64 ? Buffer.from(body.replace(/--[\s\S]*$/, ''), 'base64').toString('utf8') : unquote(body),
      });
    }
  }
  return out;
}
