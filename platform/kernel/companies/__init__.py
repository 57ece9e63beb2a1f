"""企业: registered by verified citizens, who act for them; several users each."""
