"""What planning is worth in the planning world, and what an agent needs in order to plan there."""
