"""Money: whole fen in double entry. First users will be fees of approvals and deposits of the trading hall."""
