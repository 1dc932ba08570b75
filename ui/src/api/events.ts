import { useEffect, useRef } from 'react';
import { queryClient } from './query';

type Handler = (topic: string, data: unknown) => void;

/**
 * Live events of the server. The browser reconnects by itself; a lost event costs nothing, because pages also ask
 * again from time to time.
 */
export function useEvents(topics: string[], handler: Handler, enabled = true): void {
  const ref = useRef(handler);
  ref.current = handler;
  const key = topics.join('\n');
  useEffect(() => {
    if (!enabled || !key || typeof EventSource === 'undefined') return;
    const names = key.split('\n');
    const params = new URLSearchParams(names.map((topic) => ['topic', topic]));
    const source = new EventSource(`/api/events?${params}`);
    const listeners = names.map((topic) => {
      const listen = (event: MessageEvent<string>) => {
        try {
          ref.current(topic, JSON.parse(event.data));
        } catch {
          // An event that is not JSON is not ours.
        }
      };
      source.addEventListener(topic, listen);
      return () => source.removeEventListener(topic, listen);
    });
    // The server tells when this page missed events: it reads the truth again.
    source.addEventListener('lagged', () => void queryClient.invalidateQueries());
    return () => {
      for (const off of listeners) off();
      source.close();
    };
  }, [key, enabled]);
}
