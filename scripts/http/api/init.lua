-- http/api/init.lua: the REST API, file by file. How an endpoint is declared: api.lua.
require "http.api.auth"
require "http.api.players"
require "http.api.data"
require "http.api.games"
require "http.api.leaderboard"
require "http.api.reports"
require "http.api.server"
require "http.api.openapi"
