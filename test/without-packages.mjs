// Loaded by --import: the optional packages are not installed, as after `npm install commonweight`
// alone.
import module from 'node:module';

function resolve(name, context, next) {
  if (!/^(sharp|onnxruntime-web|@nats-io[/][a-z-]+)$/.test(name)) return next(name, context);
  const error = new Error(`Cannot find package '${name}' imported from ${context.parentURL}`);
  throw Object.assign(error, { code: 'ERR_MODULE_NOT_FOUND' });
}

// Node 26 warns of the one, Node 20 has not got the other.
if (module.registerHooks === undefined)
  module.register(`data:text/javascript,${encodeURIComponent(`export ${resolve}`)}`);
else module.registerHooks({ resolve });
