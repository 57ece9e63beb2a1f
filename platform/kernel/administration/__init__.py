"""管理: what the three administrators see and do. None of it is business."""
