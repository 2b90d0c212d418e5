"""`/integrasi/`: where an integrator registers a department's system, maps it, tests it, and watches it. Works without JavaScript."""
