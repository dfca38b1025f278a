// Loaded by --import: the optional packages are not installed, as after `npm install commonweight`
// alone.
import { register } from 'node:module';

const hooks = `export function resolve(name, context, next) {
  if (!/^(sharp|onnxruntime-web|@nats-io[/][a-z-]+)$/.test(name)) return next(name, context);
  const error = new Error("Cannot find package '" + name + "' imported from " + context.parentURL);
  throw Object.assign(error, { code: 'ERR_MODULE_NOT_FOUND' });
}`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
