// A process of a bench that does not end when it is asked to.

process.on("disconnect", () => {
  for (;;);
});
process.send?.({});
