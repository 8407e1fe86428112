"""What departments did with licences, counted by the day: uses, exemptions, papers saved, refusals, freshness."""
