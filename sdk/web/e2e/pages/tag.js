window.felt.ready((f) => f.withCustomerInteraction('queued after', () => 1))
