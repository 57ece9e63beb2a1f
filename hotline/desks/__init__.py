"""The desks of the hotline (坐席、派单、承办、审核、回访): each a queue on the left and the one in hand beside it."""
