"""Cards (监督卡): what the machine noticed, a person confirmed, and the unit answered."""
