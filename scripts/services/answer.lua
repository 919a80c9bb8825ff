-- services/answer.lua: what the store answered, for whoever cannot go on without it: answer(mu.store.read(…)). When the
-- store has too much to do, the request ends here, as a bug would end it; anything else is handed on.
return function(result, reason)
  if reason == "busy" then error("the store has too much to do", 0) end
  return result, reason
end
