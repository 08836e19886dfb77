"""Pictures, folders, videos and shards to predictions, cropped as training cropped them."""
