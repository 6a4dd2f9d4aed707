/** The agent that was to run it found that its guest had shut itself down (T7b); a user who started it since is obeyed. */
export function onStoppedByWish() {
  return [
    {
      guard: 'startsAnyway',
      target: 'recovering',
      reenter: true,
      actions: ['takeLease', 'wishRunning'],
    },
    { guard: 'isStoppedByWish', target: 'recordingStop', actions: ['takeLease', 'stopsByItself', 'takeWhy'] },
  ] as const;
}
