// Loads a model that elegans has printed: const model = await load(bytes of NAME.wasm). Then model.step(x, dt) takes one row of
// raw values, NaN where nothing was observed, and gives the outputs; model.reset() begins a new series.
export async function load(bytes) {
  const { module, instance: { exports: e } } = await WebAssembly.instantiate(bytes);
  const [about] = WebAssembly.Module.customSections(module, 'elegans');
  const numbers = (at, n) => new Float32Array(e.memory.buffer, at.value, n.value);
  const x = numbers(e.input, e.inputs), y = numbers(e.output, e.outputs);
  e.init(e.state.value);
  return {
    about: JSON.parse(new TextDecoder().decode(about)), // names of inputs, outputs and states, and the unit of time
    state: numbers(e.state, e.states), // as it is; a copy of it can be set again
    reset: () => e.reset(e.state.value),
    decide: () => e.class ? e.class(e.output.value) : undefined, // the class, after a step
    step(input, dt) {
      x.set(input);
      if (e.step(e.state.value, e.input.value, dt, e.output.value) !== 1) throw new RangeError('the model takes no such input or time');
      return Array.from(y);
    },
  };
}
