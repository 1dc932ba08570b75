/** RFC 9457 problem details, the only shape in which the server says no. */
export interface ProblemBody {
  type?: string;
  title?: string;
  status?: number;
  detail?: string;
  code?: string;
  fields?: { path: string; what: string }[];
  [key: string]: unknown;
}

export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly body: ProblemBody,
  ) {
    super(body.detail ?? body.title ?? String(status));
    this.name = 'Problem';
  }

  /** True when the request never reached an answer. */
  get offline(): boolean {
    return this.status === 0;
  }
}

export type Query = Record<string, string | number | boolean | null | undefined | readonly string[]>;

export interface CallOptions {
  query?: Query;
  body?: unknown;
  form?: FormData;
  /** A body that is neither JSON nor a form: a table. */
  text?: { body: string; type: string };
  /** A key makes the call safe to repeat; sends and imports always carry one. */
  idempotencyKey?: string;
  signal?: AbortSignal;
  headers?: Record<string, string>;
}

let csrf = '';
let onSignedOut: (() => void) | undefined;

export function setCsrf(token: string): void {
  csrf = token;
}

export function whenSignedOut(handler: () => void): void {
  onSignedOut = handler;
}

export function withQuery(path: string, query?: Query): string {
  if (!query) return path;
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === null || value === '') continue;
    if (Array.isArray(value)) for (const each of value) params.append(name, each);
    else params.set(name, String(value));
  }
  const text = params.toString();
  if (!text) return path;
  return `${path}${path.includes('?') ? '&' : '?'}${text}`;
}

async function problemOf(response: Response): Promise<Problem> {
  const text = await response.text();
  try {
    return new Problem(response.status, JSON.parse(text) as ProblemBody);
  } catch {
    return new Problem(response.status, { title: response.statusText, detail: text.slice(0, 300) || undefined });
  }
}

export async function send(method: string, path: string, options: CallOptions = {}): Promise<Response> {
  const headers: Record<string, string> = { accept: 'application/json', ...options.headers };
  if (method !== 'GET' && csrf) headers['x-csrf-token'] = csrf;
  if (options.idempotencyKey) headers['idempotency-key'] = options.idempotencyKey;
  let body: BodyInit | undefined;
  if (options.form) body = options.form;
  else if (options.text) {
    headers['content-type'] = options.text.type;
    body = options.text.body;
  } else if (options.body !== undefined) {
    headers['content-type'] = 'application/json';
    body = JSON.stringify(options.body);
  }
  let response: Response;
  try {
    response = await fetch(withQuery(path, options.query), {
      method,
      headers,
      body,
      credentials: 'same-origin',
      signal: options.signal,
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new Problem(0, { code: 'offline' });
  }
  if (!response.ok) {
    const problem = await problemOf(response);
    if (response.status === 401) onSignedOut?.();
    throw problem;
  }
  return response;
}

async function json<T>(method: string, path: string, options?: CallOptions): Promise<T> {
  const response = await send(method, path, options);
  if (response.status === 204) return undefined as T;
  const text = await response.text();
  return (text ? JSON.parse(text) : undefined) as T;
}

export const api = {
  get: <T>(path: string, query?: Query, signal?: AbortSignal) => json<T>('GET', path, { query, signal }),
  post: <T = void>(path: string, body?: unknown, options?: CallOptions) =>
    json<T>('POST', path, { ...options, body: body ?? (options?.form ? undefined : {}) }),
  put: <T = void>(path: string, body?: unknown) => json<T>('PUT', path, { body }),
  patch: <T = void>(path: string, body?: unknown) => json<T>('PATCH', path, { body }),
  del: <T = void>(path: string, body?: unknown) => json<T>('DELETE', path, { body }),
};

export function newKey(): string {
  return crypto.randomUUID();
}

/** Upload with a running share, which fetch cannot tell. */
export function upload<T>(
  path: string,
  form: FormData,
  onProgress: (share: number) => void,
  idempotencyKey = newKey(),
): Promise<T> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', path);
    request.setRequestHeader('accept', 'application/json');
    if (csrf) request.setRequestHeader('x-csrf-token', csrf);
    request.setRequestHeader('idempotency-key', idempotencyKey);
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) onProgress(event.loaded / event.total);
    };
    request.onerror = () => reject(new Problem(0, { code: 'offline' }));
    request.onload = () => {
      let body: unknown;
      try {
        body = request.responseText ? JSON.parse(request.responseText) : undefined;
      } catch {
        body = { detail: request.responseText.slice(0, 300) };
      }
      if (request.status >= 200 && request.status < 300) resolve(body as T);
      else {
        if (request.status === 401) onSignedOut?.();
        reject(new Problem(request.status, (body ?? {}) as ProblemBody));
      }
    };
    request.send(form);
  });
}
