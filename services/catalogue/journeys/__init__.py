"""Life-event journeys: what is handed over (`records`), judged (`lint`), written (`actions`) and read (`queries`)."""
